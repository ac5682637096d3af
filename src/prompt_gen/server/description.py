"""The description of the API at `/openapi.json`: what is answered, and nothing else."""

from typing import Any

from fastapi import FastAPI

_STOCK = ("HTTPValidationError", "ValidationError")


def described(app: FastAPI) -> dict[str, Any]:
    """The description that FastAPI makes, without the error that it answers and we do not.

    Each route says itself what it answers to a wrong field, be it 422 or 400.
    """
    if app.openapi_schema:
        return app.openapi_schema
    schema = FastAPI.openapi(app)
    for operations in schema["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            if _STOCK[0] in str(responses.get("422")):
                del responses["422"]
    for name in _STOCK:
        schema["components"]["schemas"].pop(name, None)
    return schema
