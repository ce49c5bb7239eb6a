"""Column types, each spelled once."""

from __future__ import annotations

from typing import Annotated, Final

from sqlalchemy import BigInteger, Double, Integer, LargeBinary, Text
from sqlalchemy.orm import mapped_column

# SQLite numbers its rows itself only where the column is called INTEGER; both are 64 bits wide there.
ROW_ID: Final = BigInteger().with_variant(Integer(), "sqlite")

pk = Annotated[int, mapped_column(ROW_ID, primary_key=True)]
count = Annotated[int, mapped_column(BigInteger)]
epoch_ms = Annotated[int, mapped_column(BigInteger)]
real = Annotated[float, mapped_column(Double)]
string = Annotated[str, mapped_column(Text)]
strict_json = Annotated[str, mapped_column(Text)]  # strict JSON; text keeps every float as it was on both engines
packed_float64 = Annotated[bytes, mapped_column(LargeBinary)]  # little-endian, bit for bit
