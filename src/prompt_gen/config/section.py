"""What all sections share, and what is said of a value that is wrong."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from prompt_gen.errors import SettingError, did_you_mean


class Section(BaseModel):
    """Frozen, and no key is accepted that is not a field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _absolute(path: str | None) -> str | None:
    """A path that is recorded means the same file from wherever it is read again; '': none."""
    return str(Path(path).absolute()) if path else None


AbsolutePath = Annotated[str, AfterValidator(lambda path: str(Path(path).absolute()))]
AbsolutePathOrNone = Annotated[str | None, AfterValidator(_absolute)]

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: dict[str, Any]) -> Model:
    """The model with these values.

    Raises:
        SettingError: the first thing that is wrong, by its full name.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise setting_error(model, error) from error


def setting_error(model: type[BaseModel], error: ValidationError) -> SettingError:
    """A validation error in one sentence, with a way out."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or model.__name__
    if first["type"] == "extra_forbidden":
        return SettingError(f"unknown setting '{name}'", _nearest(model, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return SettingError(
        f"setting '{name}' cannot be {first['input']!r}: {message[0].lower()}{message[1:]}",
        "Choose another value",
    )


def _nearest(model: type[BaseModel], location: tuple[str | int, ...]) -> str:
    """The names that would have been known where an unknown one was given."""
    path = []
    for part in location[:-1]:
        inner = model.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        path.append(str(part))
        model = inner
    known = [".".join((*path, name)) for name in model.model_fields]
    return did_you_mean(".".join((*path, str(location[-1]))), known)
