"""`/v1/explain`: why candidates are shown, as the page draws it."""

from fastapi import APIRouter

from prompt_gen.explain import Explanation, explain
from prompt_gen.explain.branches import Branch, folded
from prompt_gen.explain.svg import LEAST, MOST
from prompt_gen.server.schema import BranchOut, ExplainRequest, ExplainResponse, ShownOut
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.wanted import Asked


def router(serving: Serving) -> APIRouter:
    """The route behind the picture of the tree."""
    routes = APIRouter()

    @routes.post("/v1/explain", responses=errors(400, 413, 422, 499, 503))
    async def why(request: ExplainRequest, asked: Asked) -> ExplainResponse:
        """The tree of what may follow, and the list that was chosen from it."""
        serving.check(request.prompt, "prompt")
        worker, completer = serving.worker, serving.worker.model.completer
        (found,) = await worker.run(
            worker.texts,
            lambda is_over: explain(completer, request.prompt, cancelled=is_over),
            asked,
        )
        return _answer(found)

    return routes


def _answer(found: Explanation) -> ExplainResponse:
    shown = [
        ShownOut(
            completion=each.candidate.completion,
            p=each.p,
            gain=each.gain,
            finish_reason=each.candidate.finish_reason,
            lines=each.candidate.lines,
        )
        for each in found.shown
    ]
    return ExplainResponse(
        typed=found.typed,
        tree=_branch(folded(found.tree, LEAST, MOST)),
        shown=shown,
        n_opened=found.n_opened,
        n_noted=found.n_noted,
        n_read=found.n_read,
    )


def _branch(branch: Branch) -> BranchOut:
    return BranchOut(
        piece=branch.piece,
        p=branch.p,
        state=branch.state,
        rank=branch.rank,
        p_end=branch.p_end,
        p_rest=branch.p_folded + branch.p_elsewhere,
        n_folded=branch.n_folded,
        branches=[_branch(each) for each in branch.branches],
    )
