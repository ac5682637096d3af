"""Finds of people's names: behind words that announce one, or before a title.

    我叫张三  姓名：李四  患者王小明，男        the name
    张伟医生                                    the name; 张医生 stays, it names nobody
    Dr. Smith  My name is Ann Lee               the name, not the title

Where what announces often stands before other words (患者高血压), only surnames that begin no word
count, and the name must end where one can.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_HAN = "㐀-䶿一-鿿"
# The frequent surnames; those of the second row begin common words (高血压, 白细胞, 苏醒).
_SURNAMES = (
    "王李张刘陈杨赵吴周徐孙朱胡郭林罗郑梁宋韩邓冯曹彭萧蔡潘袁蒋杜贾丁魏薛阎戴汪范姚谭廖邹陆郝"
    "崔邱秦侯邵孟陶黎龚沈吕俞殷詹聂樊"
)
_WORDLIKE = (
    "高马黄唐许傅曾苏叶程任于夏钟方石熊金白江尹段雷康万严温施洪牛欧向常安尤乔倪祝霍庞骆"
    "何谢田董余卢孔史毛顾贺钱赖武姜章鲁葛韦柳鲍龙"
)
_DOUBLE = "欧阳|司马|上官|诸葛|皇甫|尉迟|公孙|慕容|司徒|令狐|夏侯"
# Words, days and places that begin like a name, and ranks between a surname and a title.
_NO_NAME = (
    "周[一二三四五六日末围期边岁]|张[口力嘴大]|陈[旧述]|林[区业]|朱砂|郑州|徐州|邓州|孟州|彭州|沈阳|吴江|罗湖"
    "|胡[说须同]|秦皇岛|丁[香酸]|杜[绝仲]|范围|孙[子女]|陆[续军]"
    "|.(?:主任|副|主治|教授|大夫|医生|老师|专家|博士|护士|院长|某|氏|姓|总|老|阿|太|姐|哥|叔)"
)
# What is in no given name that is looked for: it tells where a name ends.
_STOP = (
    "的是我你他她它们在了有和与跟及或男女岁患得因由从到来去就也都很不没这那个先医师护士院主任教授"
    "病者某么吗呢吧啊今年号属性请问于住被把给对为能要说着过想"
)
_GIVEN = rf"(?:(?![{_STOP}])[{_HAN}]){{1,2}}"
_SURE = rf"(?!{_NO_NAME})(?:{_DOUBLE}|[{_SURNAMES}])"
_ANY = rf"(?!{_NO_NAME})(?:{_DOUBLE}|[{_SURNAMES}{_WORDLIKE}])"
_NO_FIELD = "什么|保密|不详|未知|匿名|性别|医生|电话|年龄"
_TITLES = "医生|大夫|主任|教授|护士|院长|医师|先生|女士|小姐|老师|专家|博士"
_FIELD = "姓 ?名|联系人|收件人|户名"
_SPEECH = "我叫|名叫|名字叫|名字是|本人叫|姓名是"
_PATIENT = "患者|病人|患儿|病员|本人"
_END = rf"(?![{_HAN}])"
_CHINESE = re.compile(
    rf"(?:{_FIELD}) ?[:：] ?((?!{_NO_FIELD})(?:[{_HAN}]{{2,4}}{_END}|{_ANY}{_GIVEN}))"
    rf"|(?:{_SPEECH})({_SURE}{_GIVEN}|{_ANY}{_GIVEN}(?:{_END}|(?=[{_STOP}])))"
    rf"|(?:{_PATIENT})[:：]?({_SURE}{_GIVEN})(?:{_END}|(?=[男女因于今]))"
    rf"|({_SURE}{_GIVEN})(?={_TITLES})"
)
_CUE = re.compile(f"{_FIELD}|我叫|名叫|字叫|人叫|名字是|姓名是|{_PATIENT}|{_TITLES}")
_PART = r"(?:[A-Z]')?[A-Z][a-zà-öø-ÿ]{1,30}(?:['-][A-Z][a-z]{1,30})?"
_WHOSE = "my|his|her|your|their|whose|patient|patient's|client|customer|full|first|last|family"
_ENGLISH = re.compile(
    r"(?<![A-Za-z])(?:(?:Dr|Mr|Mrs|Ms|Prof)(?:\. ?| )|(?:Doctor|Professor) "
    r"|Miss (?!Me |You |Universe)"
    rf"|(?:(?i:{_WHOSE}) |^)(?i:name(?: is|'s|:)) ?)"
    rf"({_PART}(?: (?:[A-Z]\. )?{_PART}){{0,2}})(?![A-Za-z])"
)
_ENGLISH_CUE = re.compile(r"[DM][a-z]{1,5}[. ]|Prof|[Nn]ame|NAME")


def names(text: str) -> Iterator[Span]:
    """Where names of people stand."""
    if _CUE.search(text):
        for found in _CHINESE.finditer(text):
            yield found.span(found.lastindex or 0)
    if _ENGLISH_CUE.search(text):
        yield from (found.span(1) for found in _ENGLISH.finditer(text))
