"""What every reader is."""

from typing import Protocol, runtime_checkable

from haco.types import Sample


@runtime_checkable
class Reader(Protocol):
    """A source of samples by number: opening it lists them, indexing it reads one."""

    def __len__(self) -> int:
        """Count the samples."""
        ...

    def __getitem__(self, index: int) -> Sample:
        """Read one sample; an `IndexError` beyond the last."""
        ...
