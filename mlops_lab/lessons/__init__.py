"""Lessons: a notebook tells the story, these modules are its machinery.

>>> from mlops_lab.lessons import lesson
>>> here = lesson("start_here")
"""

from mlops_lab.lessons.lesson import Lesson, lesson

__all__ = ["Lesson", "lesson"]
