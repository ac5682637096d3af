"""The sections of the page in their order."""

from prompt_gen.evaluate.report import compare, curves, how, recited, replay
from prompt_gen.page import Section

SECTIONS: tuple[Section, ...] = (
    Section("against", "Model and baselines", "模型与基线", compare.against),
    Section("kinds", "Seen and unseen", "见过与没见过", compare.kinds),
    Section("typed", "By what was typed", "按已输入长度", curves.by_length),
    Section("confidence", "Confidence", "置信度", curves.confidence),
    Section("latency", "Latency", "延迟", curves.latency),
    Section("replay", "Lines typed key by key", "逐键输入", replay.examples),
    Section("worst", "Worst cases", "最差的例子", replay.worst),
    Section("lists", "The lists", "候选列表", recited.lists),
    Section("memorisation", "Memorisation", "记忆", recited.memorisation),
    Section("numbers", "All numbers", "全部数值", compare.side_by_side),
    Section("missing", "What is missing", "未测量的", how.missing),
    Section("how", "How it was measured", "测量方法", how.measured),
    Section("meanings", "What the numbers mean", "数值的含义", how.definitions),
)
