"""A ride-hailing company whose every law is known, made from a seed.

:func:`trips` is the table to model: `late` (0/1) and `price`. :func:`probability` and :func:`fare` are its truth, and
:data:`TRUTH` says what is planted in it. Around it lie the five sources of a company's data: :func:`signup_forms`
(typed by people, dirty), :func:`system_logs` (JSON lines), :func:`behaviour_events`, :func:`internal_tables` and
:func:`weather` (bought). :func:`wide_trips` has 1,000 columns.
"""

from mlops_lab.datasets.rides.company import LEVELS
from mlops_lab.datasets.rides.forms import SignUpForms, signup_forms
from mlops_lab.datasets.rides.sources import behaviour_events, internal_tables, system_logs, weather
from mlops_lab.datasets.rides.trip_table import FEATURES, trips, wide_trips
from mlops_lab.datasets.rides.truth import TRUTH, Truth, fare, probability

__all__ = [
    "FEATURES",
    "LEVELS",
    "TRUTH",
    "SignUpForms",
    "Truth",
    "behaviour_events",
    "fare",
    "internal_tables",
    "probability",
    "signup_forms",
    "system_logs",
    "trips",
    "weather",
    "wide_trips",
]
