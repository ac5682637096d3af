"""What the search for private data cannot find, as the report says it."""

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "Names without a word that announces them or a title (“昨天小李说…”), nicknames, names in"
        " lower case or other scripts.",
        "没有提示词或称谓的姓名（“昨天小李说……”）、昵称、小写或其他文字的姓名。",
    ),
    (
        "Postal addresses, places of work, schools, wards and bed numbers.",
        "住址、工作单位、学校、病房和床位号。",
    ),
    (
        "Birth dates, ages, dates of visits, and what identifies a person only together, such as a"
        " rare disease and a place.",
        "出生日期、年龄、就诊日期，以及合在一起才能认出某人的信息（如罕见病加地名）。",
    ),
    (
        "Numbers with a wrong check digit, passports, driving licences, numbers of medical records"
        " and insurances, number plates, IP addresses.",
        "校验位有误的号码、护照、驾照、病历号、医保号、车牌、IP 地址。",
    ),
    (
        "Local telephone numbers that nothing announces, numbers that run into other digits, and"
        " anything written to escape a search (“一三8零零”, “a at b dot com”).",
        "没有提示词的本地电话、与其他数字连写的号码，以及为躲避检查而改写的内容"
        "（“一三8零零”、“a at b dot com”）。",
    ),
    (
        "It is a filter, not anonymisation: have a person look at a sample before a model is given"
        " away.",
        "这是过滤，不是匿名化：模型对外提供之前，请人工抽查。",
    ),
)
