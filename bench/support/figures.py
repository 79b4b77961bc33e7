"""Figures that are measured, and the goals that they are held against."""
import dataclasses
import statistics


@dataclasses.dataclass
class Figure:
    """One figure of a stage: the median, and between what the rounds were."""

    value: float
    least: float
    most: float

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values))


@dataclasses.dataclass
class Goal:
    """A figure of a stage, and the least, the most or both that it should be."""

    stage: str
    figure: str
    at_least: float = None
    at_most: float = None
    unit: str = ""

    def is_met(self, value):
        if self.at_least is not None and value < self.at_least:
            return False
        return self.at_most is None or value <= self.at_most

    def wanted(self):
        if self.at_least is not None and self.at_most is not None:
            return f"{self.at_least:g} to {self.at_most:g} {self.unit}".rstrip()
        if self.at_least is not None:
            return f"at least {self.at_least:g} {self.unit}".rstrip()
        return f"at most {self.at_most:g} {self.unit}".rstrip()
