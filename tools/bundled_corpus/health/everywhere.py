"""Patterns that ask a condition's row for their fillers."""

from __future__ import annotations

from ..grammar import rules

PATTERNS = rules("""
# advice
{who}要记得{do}。
{n}要注意{do}。
{n}要注意，不要{dont}。
医生[建议|提醒|常叮嘱]{who}{do}。
{who}要{do}，不要{dont}。
{do}，对{who}很有帮助。
{who}不要{dont}。
{who}尤其要避免{dont}。
[护士提醒|温馨提示|健康宣教|复诊时护士说|门诊小贴士]：{tip}。
{tip}。
平时做到两点：{do}，{do}。
{n}除了按医嘱治疗，还要{do}。
[家里有|照顾]{who}，[别忘了提醒|可以一起做到|多督促这一条]：{do}。
{who}有两件事要记住：{do}；不要{dont}。
很多人不知道，{dont}对{n}很不利。
为什么{who}不能{dont}？
# food
{who}可以吃些{eat}，少吃{limit}。
{who}饮食上要少吃{limit}。
{who}能吃{limit}吗？
{who}可以吃{eat}吗？
{n}可以吃{eat}吗
{n}能不能吃{limit}
{n}不能吃什么，{limit}算不算
{n}吃什么好，{eat}行不行
平时爱吃{limit}，会不会加重{n}？
{who}少吃{limit}、{limit}，[换着吃点|可以选]{eat}、{eat}。
[最近的食谱里|午饭|晚饭]可以安排{eat}，{who}吃着也放心。
买菜时可以选{eat}，{limit}就尽量别往家里买了。
确诊{n}以后，{limit}是不是完全不能碰了？
{limit}和{limit}，{who}哪个更要少吃？
{n}的饮食原则：少吃{limit}，适当吃{eat}，[不暴饮暴食|三餐规律|细嚼慢咽]。
{who}总爱吃{limit}，[家人怎么劝|怎么戒掉]？
爸爸得了{cn}，每天吃{eat}[可以吗|会不会太多]？
{limit}吃了一点点，{n}会加重吗
营养师说{who}不一定要忌口很多，但{limit}确实要少吃。
{who}少喝{drink}。
{who}可以喝{drink}吗？
{n}能喝{drink}吗
{n}要注意少喝{drink}。
饮品可以选{sip}，{who}尽量别碰{drink}。
{who}每天喝点{sip}，[有好处|比较合适|挺好的]。
{?cn}戒掉{drink}，[一开始会不习惯|慢慢就适应了|从减半开始]，对{n}有好处。
{n}可以喝{sip}吗
偶尔喝一次{drink}，{n}会不会加重？
# examinations
{who}多久复查一次{exam}？
医生让查{exam}，是怀疑{n}吗？
{n}需要查{exam}吗
首次确诊{n}，建议查一下{exam}。
{who}要按医生的安排复查{exam}。
复查{exam}以后，把[结果|报告]带给医生看。
{exam}的结果出来了，要挂{dept}看吗？
查{exam}[需要空腹吗|要多少钱|要提前预约吗|多久出结果]？
{n}应该挂什么科
{n}看{dept}还是全科？
去{dept}看{n}，要带[以前的病历|最近的化验单|正在吃的药]吗？
{exam}正常，还会是{n}吗？
上次查{exam}有点异常，[这次还要复查吗|要挂{dept}吗|要不要换家医院再查]？
{n}复查只做{exam}够不够
# complaints
[最近|这几天|近来]{sym}，是不是{n}？
{n}会引起{sym}吗
{n}的症状除了{sym}，还有哪些？
{?ac}{sym}好几天了，要去{dept}看看吗？
{?ac}{sym}持续不缓解，建议到{dept}就诊。
{sym}不一定就是{n}，需要医生检查后判断。
{sym}、{sym}都可能是{n}的表现。
{cn}早期可能没什么感觉，有的人只是{sym}。
{sym}，还{sym}，挂{dept}对吗？
{sym}挂什么科
{?ac}{sym}怎么缓解
{sym}是{n}加重了吗？
{ep}好多了，[还用复查吗|药可以停吗|能恢复运动吗]？
# warning signs
{who}如果出现{warn}，应及时就医。
一旦出现{warn}，不要硬扛，尽快去医院。
{n}在家观察时，要留意有没有{warn}。
{warn}是需要尽快就医的信号。
{cn}治疗期间如果出现{warn}，请尽快联系医生。
{n}出现{warn}严重吗
{n}出现{warn}怎么办？
{who}要{do}，如果出现{warn}就要尽快看医生。
出现{warn}或者{warn}时，[请尽快就医|不要拖着|家人最好陪同就医]。
周末出现{warn}，[要等到周一再去医院吗|可以先挂急诊吗]？
# harm and triggers
{cn}长期控制不好，可能引起{risk}。
{n}会引起{risk}吗
预防{risk}，关键是把{cn}管理好。
{n}为什么会引起{risk}？
{n}往往和{cause}有关[|，平时要留意|，看病时可以告诉医生]。
{n}是不是和{cause}有关？
{cause}会引起{n}吗
这次{ep}可能和{cause}有关，以后要注意。
{ep}老是反复，是{cause}造成的吗？
想少犯{ep}，先留意是不是{cause}引起的。
{cause}、{cause}都和{n}有关系，能改的先改。
{n}的原因是{cause}还是{cause}
# questions
{n}{q}
{n}{ask}
{who}{ask}？
请问{who}{ask}？
想问一下，{n}{q}？
{n}，{q}？
{n}刚确诊，{ask}？
{n}刚确诊，{q}？
{n}患者来电询问：{q}？
{who}来电询问：{ask}？
[朋友|我爱人|家里人|同事]得了{cn}，{ask}？
[朋友|我爱人|家里人]得了{cn}，{q}？
医生您好，我得了{cn}，{ask}？
医生您好，我得了{cn}，{q}？
{cn}[三年|五年|快十年]了，{ask}？
{n}患者问：{ask}？[已耐心解答|请医生再解释一次|已给健康教育单]。
# notes
{cn}复诊，诉[近日|偶有|昨起]{sym}，已复查{exam}。
既往{cn}病史[3年|5年|8年|10余年]，近日{sym}，[无发热|饮食可|睡眠一般]。
{n}宣教：{do}，避免{dont}。
嘱{do}，如出现{warn}随时就诊。
复查{exam}，[结果待回|结果较前好转|未见明显异常]，嘱{do}。
{cn}随访：[按时复诊|近期劳累|睡眠一般]，{sym}，预约{dept}复诊。
{?ac}主诉{sym}[2天|3天|1周|半月]，建议查{exam}。
家属[已知晓|能复述]{n}的注意事项，会{do}。
""")
