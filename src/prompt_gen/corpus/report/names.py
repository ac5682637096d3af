"""Chinese for the names that a report holds, and what each fate of a line means."""

FATES = {  # fate -> what happened to the line, in English and Chinese
    "kept": ("became a document", "成为一条文本"),
    "split": ("over-long, became several documents", "过长，切成几条"),
    "masked": ("a document, private data masked", "成为文本，隐私已遮蔽"),
    "merged": ("repeats another document", "与已有文本重复"),
    "dropped": ("left out", "舍弃"),
}

REASONS = {
    "exact duplicate": "完全重复",
    "blank": "空行",
    "no letters": "没有文字",
    "unsettled": "反复清洗仍不稳定",
    "private data": "含隐私",
    "bytes that fit no character": "含无法解码的字节",
    "no text in the record": "记录中没有文本",
    "header": "表头",
    "not JSON": "不是 JSON",
    "not UTF-8": "不是 UTF-8",
}

RULES = {
    "controls": "去掉控制符、零宽字符和私用区字符",
    "html": "还原实体，去掉标签和注释",
    "form": "合成字母与附加符号（NFC）",
    "width": "全角字母和数字转半角，半角片假名转全角",
    "spaces": "连续空白并为一个空格，去掉首尾空白",
    "fold": "繁简转换（设定方向时）",
    "numbers": "去掉行首的序号、项目符号和冒号",
    "tails": "去掉行尾的网站名和省略号",
    "letters": "舍弃没有文字的行",
    "long": "过长的行在句末切开，不切断分句",
}

KINDS = {
    "email": "电子邮箱",
    "phone": "电话号码",
    "id": "身份证号",
    "card": "银行卡号",
    "account": "QQ 和微信号",
    "url": "网址",
    "name": "姓名",
    "word": "指定的词",
}
