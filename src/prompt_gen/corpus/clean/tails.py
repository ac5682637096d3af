"""The rule about what web sites put behind a title: their name, and `...` where they cut it.

    宝宝发烧不出汗怎么办_育儿问答-摇篮网        a separator and a site, several times
    胎儿入盆的标准是什么_有问必答_快速...        a separator and the beginning of a site, cut off
    晚上睡不着怎么办，白天没...                cut off

A site is a name of the table, or a short part that ends as names of sites do. Everything is looked
for in the last few characters only.
"""

import re

# Names that do not end as sites do; those which do are here for the beginnings of cut-off ones.
_SITES = """
    百度知道 百度百科 百度经验 百度文库 百度贴吧 百度宝宝知道 百度拇指医生 百度教育攻略
    百度攻略 快速问医生 快速问医生在线诊室平台 有问必答 有问必答网 寻医问药 寻医问药网
    寻医问药专家网 39健康网 39健康网问医生wap版 39健康经验 39健康问答 39健康自测 39疾病百科
    39问医生 39在线问医生 99健康网 169健康网 久久问医 久久健康网 飞华健康网 飞华健康问答
    免费咨询 免费咨询医生 家庭医生在线 家庭医生在线即问即答 家庭医生在线官网网站 摇篮网
    摇篮育儿百科 宝宝树 育儿网 太平洋亲子网 太平洋时尚网 妈妈网 妈妈网小百科 妈妈网百科 妈妈帮
    亲亲宝贝网 好大夫在线 好大夫在线网上咨询 春雨医生 有来医生 丁香医生 丁香园 百姓问医生
    妙手医生 好问康 名医汇 微医 健客网 健客问答 康爱多网上药店 康爱多掌上药店 药房网商城
    大众养生网 养生之道网 七丽女性网 中华康网 中华康网问答 民福康 民福康健康 健康一线 健康问问
    健康无忧网 邻医网 全球医院网 求医问药健康网 医学教育网 360问答 360百科 搜狗百科 搜狗问问
    搜狗指南 互动百科 新浪博客 新浪网 新浪爱问 爱问知识人 手机爱问 手机搜狐 手机搜狐网
    搜狐健康 搜狐母婴 搜狐视频 腾讯视频 优酷 爱奇艺 土豆视频 天涯社区 豆瓣 知乎 悟空问答
    小红书 豆丁网 道客巴巴 中国知网 知网空间 CNKI学问 阿里巴巴 阿里巴巴生意经 京东 作业帮
    美食天下 美食杰 豆果美食 xywy.com 在线问答
"""
SITES = _SITES.split()
_KINDS = """
    网 网站 官网 论坛 贴吧 博客 百科 问答 社区 频道 知道 文库 医生在线 在线咨询 网上药店
    手机版 手机网 wap版 互动交流平台
"""
_SEPARATOR = r"\s?[_|｜\-–—－]\s?"
_CUT = r"\s?(?:\.{2,6}|…)"
_BEGINNINGS = sorted({site[:n] for site in SITES for n in range(1, len(site) + 1)}, reverse=True)
_PART = rf"(?:{'|'.join(map(re.escape, sorted(SITES, key=len, reverse=True)))})"
_KIND = rf"[\u4e00-\u9fff0-9A-Za-z]{{1,8}}(?:{'|'.join(_KINDS.split())})"
LONGEST = 40  # characters: the longest tail
MOST = 50  # a line with more is none that anybody wrote
# Between a title and the name of the blog site stands who wrote it.
_TAIL = re.compile(
    rf"(?:{_SEPARATOR}[^_|\-\s，。？！,?!]{{1,10}})?_新浪博客\Z"
    rf"|{_SEPARATOR}(?:{_PART}|{_KIND}|Powered by Discuz!)(?:wap版|手机版)?\Z"
    rf"|(?<=[？?！!。])\s?{_PART}\Z"
    rf"|{_SEPARATOR}(?:{'|'.join(map(re.escape, _BEGINNINGS))})?{_CUT}\Z"
    r"|(?<![.。])\.\.\.\Z"
)
LAST_CHARS = "".join(sorted({site[-1] for site in SITES}))


def tails(line: str) -> str:
    """The line without the names of sites and the `...` behind its text, up to MOST of them."""
    whole = end = _rstripped(line, len(line))
    for _ in range(MOST):
        tail = _TAIL.search(line, max(0, end - LONGEST), end)
        start = _rstripped(line, tail.start()) if tail else 0
        if not start:
            break
        end = start
    return line if end == whole else line[:end]


def _rstripped(line: str, end: int) -> int:
    while end and line[end - 1].isspace():
        end -= 1
    return end
