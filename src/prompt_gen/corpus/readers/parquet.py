"""Parquet: a table in columns; a record is a row."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.readers.fields import Chooser, Numbered
from prompt_gen.corpus.stream import unpacked
from prompt_gen.errors import BadText

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_BATCH_ROWS = 8192


def read(reading: Reading) -> Iterator[Line]:
    """The texts of every row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with unpacked(reading.path) as (path, damage):
        try:
            file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise BadText(
                f"'{reading.name}' is not a whole Parquet file: {damage or error}", "Write it again"
            ) from error
        with file:
            names = _text_columns(file.schema_arrow)
            missing = [name for name in reading.fields if name not in file.schema_arrow.names]
            if missing or not names:
                wanted = f"field '{missing[0]}'" if missing else "text column"
                raise BadText(
                    f"'{reading.name}' has no {wanted}",
                    f"Its columns are {', '.join(file.schema_arrow.names)}",
                )
            reading.found_encoding = "utf-8"
            columns = list(reading.fields) or names
            yield from Chooser(reading).texts(_rows(file, columns, reading))


def _text_columns(schema: "pa.Schema") -> list[str]:
    import pyarrow as pa

    def is_text(kind: "pa.DataType") -> bool:
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            return is_text(kind.value_type)
        if pa.types.is_dictionary(kind):
            return is_text(kind.value_type)
        return pa.types.is_string(kind) or pa.types.is_large_string(kind)

    return [field.name for field in schema if is_text(field.type)]


def _rows(file: "ParquetFile", columns: list[str], reading: Reading) -> Iterator[Numbered]:
    import pyarrow as pa

    number = 1
    try:
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
            for row in range(batch.num_rows):
                try:
                    yield number, {c: batch.column(c)[row].as_py() for c in columns}, ""
                except UnicodeDecodeError:
                    yield number, None, "not UTF-8"
                number += 1
    except (pa.ArrowException, OSError) as error:
        reading.damage = f"row group unreadable behind row {number - 1:,}: {error}"
