"""Lesson 03: storage formats."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.content import storage_judges as judges
from mlops_lab.lessons.exercise import Exercise, Wrong
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Question, Single

CHOOSE = Exercise(
    "choose",
    ask=_("Choose a format for each of the five situations."),
    start="""choice = {
    "train": ...,       # every night a model reads 4 of 19 columns; the files are kept for years
    "events": ...,      # rows arrive all day and are added to the end; fields will be added later
    "calls": ...,       # two services, written in Go and in Python, send each other single records
    "accountant": ...,  # a person without Python opens the table once a month
    "cache": ...,       # your own process writes a table and reads it again within the hour
}""",
    solution="""choice = {
    "train": "parquet",
    "events": "avro",
    "calls": "protobuf",
    "accountant": "csv",
    "cache": "pickle",
}""",
    judge=judges.choose,
    hints=[
        _("Who reads the file, and how much of it?"),
        _("Columns beside each other help readers of few columns; rows beside each other help writers of single rows."),
        _(
            "One is opened in a spreadsheet; one stays with you; two need a schema that can grow; one is read by "
            "column."
        ),
    ],
    wrong={
        "parquet_always": Wrong(
            'choice = dict.fromkeys(["train", "events", "calls", "accountant", "cache"], "parquet")',
            _(
                "{format} keeps columns together, so it cannot just add a row at the end: adding 1 % of the rows took"
                " {append:.1f} times as long as with Avro in your run."
            ),
        ),
        "binary_is_small": Wrong(
            """choice = {
    "train": "pickle", "events": "avro", "calls": "protobuf", "accountant": "csv", "cache": "pickle",
}""",
            _(
                "binary is not the same as small: your pickle has {bytes:.1f} times the bytes of the CSV. It also "
                "gives you all columns to get four, and only to Python."
            ),
        ),
        "csv_everywhere": Wrong(
            'choice = dict.fromkeys(["train", "events", "calls", "accountant", "cache"], "csv")',
            _(
                "CSV forgets the types, reads whole lines to give you a few columns, and a reader that counts columns"
                " goes wrong when one is added."
            ),
        ),
        "json_everywhere": Wrong(
            'choice = dict.fromkeys(["train", "events", "calls", "accountant", "cache"], "json")',
            _(
                "JSON writes the name of each field into each row: {bytes:.1f} times the bytes of CSV here. And "
                "nothing in it says which fields must be there."
            ),
        ),
        "pickle_between_services": Wrong(
            """choice = {
    "train": "parquet", "events": "avro", "calls": "pickle", "accountant": "csv", "cache": "pickle",
}""",
            _("Go cannot read a pickle, and whoever opens one runs what the sender put in."),
        ),
        "needs_a_program": Wrong(
            """choice = {
    "train": "parquet", "events": "avro", "calls": "avro", "accountant": "parquet", "cache": "feather",
}""",
            _("a spreadsheet does not open {format} by itself; this person has no Python."),
        ),
    },
)

NOISE = Exercise(
    "noise",
    ask=_("A colleague reports that zstd reads 3 % faster than snappy. Decide, and give the interval of the ratio."),
    start="""decision = {
    "faster": ...,  # "zstd", "snappy", "the same" or "can't tell"
    "low": ...,     # the interval of the ratio snappy / zstd
    "high": ...,
}""",
    solution="""ratio = Ratio.paired(snappy, zstd)
decision = {"faster": "can't tell", "low": ratio.low, "high": ratio.high}""",
    judge=judges.noise,
    hints=[
        _("How much do six rounds of the *same* format differ from each other?"),
        _("In each round both were measured, one after the other: take the ratio round by round."),
        _("`Ratio.paired(snappy, zstd)` has `.low` and `.high`; is 1 between them?"),
    ],
    wrong={
        "median_decides": Wrong(
            """ratio = Ratio.paired(snappy, zstd)
decision = {"faster": "zstd", "low": ratio.low, "high": ratio.high}""",
            _(
                "your own interval goes from {low:.2f} to {high:.2f}: it holds ratios on both sides of 1. The middle "
                "of six rounds is above 1, and the next six may be below."
            ),
        ),
        "noise_is_equality": Wrong(
            """ratio = Ratio.paired(snappy, zstd)
decision = {"faster": "the same", "low": ratio.low, "high": ratio.high}""",
            _(
                "nobody has shown that they are the same: the interval from {low:.2f} to {high:.2f} leaves room for a"
                " difference of several percent either way."
            ),
        ),
        "not_in_pairs": Wrong(
            """decision = {"faster": "can't tell", "low": min(snappy) / max(zstd), "high": max(snappy) / min(zstd)}""",
            _(
                "{loose_low:.2f} to {loose_high:.2f} compares the slowest round of one with the fastest of the other."
                " A busy moment meets both in the same round: pair them, and the interval is {low:.2f} to {high:.2f}."
            ),
        ),
        "the_other": Wrong(
            """ratio = Ratio.paired(snappy, zstd)
decision = {"faster": "snappy", "low": ratio.low, "high": ratio.high}""",
            _("snappy took longer in most rounds, so it is not the faster one; and {low:.2f} to {high:.2f} holds 1."),
        ),
    },
)

ARCHIVE = Exercise(
    "archive",
    ask=_(
        "Write `read_archive(path)`: it reads an Avro file, old or new, and returns a DataFrame with the columns "
        "`flight`, `distance`, `air_time` and `airline`. In old files `airline` is called"
        " `carrier`, and there is no `distance`."
    ),
    start="def read_archive(path):\n    ...",
    solution="""def read_archive(path):
    new = {
        "type": "record",
        "name": "Flight",
        "fields": [
            {"name": "flight", "type": "int"},
            {"name": "distance", "type": ["null", "int"], "default": None},
            {"name": "air_time", "type": "int"},
            {"name": "airline", "type": "string", "aliases": ["carrier"]},
        ],
    }
    with open(path, "rb") as file:
        return pd.DataFrame(list(fastavro.reader(file, reader_schema=new)))""",
    judge=judges.archive,
    hints=[
        _("The file brings the schema of its writer; you bring the one that you want to read with."),
        _("A field that old files do not have needs a default; a renamed one needs its old name as an alias."),
        _(
            '`{{"name": "airline", "type": "string", "aliases": ["carrier"]}}`, and `fastavro.reader(file, '
            "reader_schema=…)`."
        ),
    ],
    wrong={
        "old_names": Wrong(
            """def read_archive(path):
    with open(path, "rb") as file:
        return pd.DataFrame(list(fastavro.reader(file)))""",
            _(
                "you read the file with its own schema, so old files keep their old names; give `reader_schema=` a "
                "new one."
            ),
        ),
        "default_instead_of_alias": Wrong(
            """def read_archive(path):
    fields = [
        {"name": "flight", "type": "int"},
        {"name": "distance", "type": ["null", "int"], "default": None},
        {"name": "air_time", "type": "int"},
        {"name": "airline", "type": ["null", "string"], "default": None},
    ]
    new = {"type": "record", "name": "Flight", "fields": fields}
    with open(path, "rb") as file:
        return pd.DataFrame(list(fastavro.reader(file, reader_schema=new)))""",
            _(
                "the airline is lost: your default filled it, since no field of that name is in the old file. An "
                "alias tells the reader where it was."
            ),
        ),
        "invented_distance": Wrong(
            """def read_archive(path):
    fields = [
        {"name": "flight", "type": "int"},
        {"name": "distance", "type": "int", "default": 0},
        {"name": "air_time", "type": "int"},
        {"name": "airline", "type": "string", "aliases": ["carrier"]},
    ]
    new = {"type": "record", "name": "Flight", "fields": fields}
    with open(path, "rb") as file:
        return pd.DataFrame(list(fastavro.reader(file, reader_schema=new)))""",
            _("a distance of {value} is a number like any other, and somebody will average it. Unknown is null."),
        ),
        "by_position": Wrong(
            """def read_archive(path):
    with open(path, "rb") as file:
        table = pd.DataFrame(list(fastavro.reader(file)))
    if len(table.columns) == 3:
        table.columns = ["flight", "air_time", "airline"]
        table["distance"] = None
    return table""",
            _(
                "it takes fields by their place: in a file that has them in another order, flights and airlines "
                "change places."
            ),
        ),
        "new_files_lose": Wrong(
            """def read_archive(path):
    with open(path, "rb") as file:
        table = pd.DataFrame(list(fastavro.reader(file)))
    return table.rename(columns={"carrier": "airline"}).assign(distance=None)""",
            _("new files know their distance, and your reader throws it away."),
        ),
    },
)

PACK = Exercise(
    "pack",
    ask=_(
        "Write `pack(folder, path)`: it puts the pictures, sentences and numbers of a folder into one Parquet file at"
        " `path`, one row for each report."
    ),
    start="def pack(folder, path):\n    ...",
    solution="""def pack(folder, path):
    table = pd.read_csv(Path(folder) / "reports.csv")
    table["picture"] = [(Path(folder) / name).read_bytes() for name in table["file"]]
    table.to_parquet(path)""",
    judge=judges.pack,
    seconds=30,
    hints=[
        _("A column may hold bytes as well as numbers."),
        _(
            "`(Path(folder) / name).read_bytes()` is what is in a picture file; the table says which one belongs to a"
            " row."
        ),
        _("Read the table, add a column with the bytes of each row's `file`, and write it with `to_parquet(path)`."),
    ],
    wrong={
        "names_only": Wrong(
            """def pack(folder, path):
    pd.read_csv(Path(folder) / "reports.csv").to_parquet(path)""",
            _("the file holds the names of the pictures and not the pictures: move it, and they are gone."),
        ),
        "pictures_mixed_up": Wrong(
            """def pack(folder, path):
    table = pd.read_csv(Path(folder) / "reports.csv")
    table["picture"] = [file.read_bytes() for file in sorted(Path(folder).glob("*.png"))]
    table.to_parquet(path)""",
            _(
                "the pictures are all there, beside the wrong sentences: the order of the files is not the order of "
                "the rows."
            ),
        ),
        "base64_text": Wrong(
            """def pack(folder, path):
    import base64

    table = pd.read_csv(Path(folder) / "reports.csv")
    table["picture"] = [base64.b64encode((Path(folder) / name).read_bytes()).decode() for name in table["file"]]
    table.to_parquet(path)""",
            _("as base64 text a picture needs {growth:.2f} times its bytes; Parquet can hold the bytes themselves."),
        ),
        "pickled": Wrong(
            """def pack(folder, path):
    table = pd.read_csv(Path(folder) / "reports.csv")
    table["picture"] = [(Path(folder) / name).read_bytes() for name in table["file"]]
    table.to_pickle(path)""",
            _("only Python opens a pickle, and it runs what is in it; any reader was asked for."),
        ),
        "as_json": Wrong(
            """def pack(folder, path):
    import base64

    table = pd.read_csv(Path(folder) / "reports.csv")
    table["picture"] = [base64.b64encode((Path(folder) / name).read_bytes()).decode() for name in table["file"]]
    table.to_json(path, orient="records")""",
            _(
                "JSON knows no bytes: as text the pictures need {growth:.2f} times the room, and one sample costs the"
                " whole file."
            ),
        ),
        "numbers_as_text": Wrong(
            """def pack(folder, path):
    table = pd.read_csv(Path(folder) / "reports.csv", dtype=str)
    table["picture"] = [(Path(folder) / name).read_bytes() for name in table["file"]]
    table.to_parquet(path)""",
            _("the column {column} became text; a reader that wants its mean has to convert it first."),
        ),
    },
)

STRANGER = Exercise(
    "stranger",
    ask=_(
        "Find the fault in your colleague's function and write `open_safely(path)` anew: it returns the model of any "
        "file that can be opened without running a stranger's code, and None for every other file."
    ),
    start="def open_safely(path):\n    ...",
    solution="""def open_safely(path):
    try:
        return model_files.load(path)
    except storage.StorageError:
        return None""",
    judge=judges.stranger,
    seconds=60,
    hints=[
        _("When does the stranger's code run: before or after you have the model in your hands?"),
        _("Look at the content before you load it; the name of a file promises nothing."),
        _("`model_files.load(path)` refuses what is not safe, with a `storage.StorageError` that you can catch."),
    ],
    wrong={
        "tried_it": Wrong(
            """def open_safely(path):
    import pickle

    try:
        with open(path, "rb") as file:
            return pickle.load(file)
    except Exception:
        return None""",
            _("the code in {file} has run: `except` comes too late, since loading *is* running."),
        ),
        "list_of_bad_words": Wrong(
            """def open_safely(path):
    import pickle

    content = Path(path).read_bytes()
    if any(word in content for word in (b"exec", b"eval", b"system", b"subprocess")):
        return None
    try:
        return pickle.loads(content)
    except pickle.UnpicklingError:
        return model_files.load(path)""",
            _(
                "the code in {file} has run, and none of your bad words is in it: any function of any module may be "
                "called."
            ),
        ),
        "by_its_name": Wrong(
            """def open_safely(path):
    if Path(path).suffix == ".pkl":
        return None
    return model_files.load(path, trust=True)""",
            _("{file} is a pickle under another name, and its code has run: the content decides, not the name."),
        ),
        "it_looks_honest": Wrong(
            """def open_safely(path):
    if model_files.inspect(path).unfamiliar:
        return None
    return model_files.load(path, trust=True)""",
            _(
                "you opened a pickle because its imports look like a model. numpy and scikit-learn too have functions"
                " that run text as code: a list that looks honest is no proof."
            ),
        ),
        "refuses_all": Wrong(
            """def open_safely(path):
    return None if model_files.inspect(path).format != "onnx" else model_files.load(path)""",
            _("model.skops holds no code and was refused too; safe is not the same as useless."),
        ),
    },
)

QUIZ: list[Question] = [
    Single(
        "pickle_size",
        _("Pickle is binary. Why is it larger here than CSV, which is text?"),
        [
            Choice(_("Text is always smaller."), _("Parquet is binary as well, and the smallest of all.")),
            Choice(
                _("It keeps eight bytes for each number and does not compress."),
                _("a delay of `5` needs eight bytes in a pickle, two in CSV, and a few bits in a compressed column."),
                right=True,
            ),
            Choice(_("It holds pandas' source code."), _("it holds names of classes, which are imported on loading.")),
        ],
    ),
    Multiple(
        "silent",
        _("A field changes and old readers stay. Which of these went wrong **without a word**?"),
        [
            Choice(_("Protobuf, when a number outgrew its type"), "", right=True),
            Choice(_("Avro, when a type changed"), _("Avro compares both schemas and refuses.")),
            Choice(_("CSV read by position, when a column was added"), "", right=True),
            Choice(_("Parquet read by name, when a field was renamed"), _("it says that there is no such field.")),
            Choice(_("Parquet read with an expected schema, when a field was renamed"), "", right=True),
        ],
        because=_(
            "each of the three gave back a table that looks whole: wrapped numbers, shifted columns, an empty column."
        ),
    ),
    Numeric(
        "base64",
        _("Pictures of 30 MB go into a JSON file as base64. How large do they become there?"),
        right=40,
        tolerance=0.5,
        unit=_("MB"),
        because=_("base64 writes three bytes as four characters, so 30 MB become 40."),
        near=[
            Near(30, _("text has only 64 safe characters for the 256 values of a byte, so it needs more of them.")),
            Near(60, _("that would be two characters for each byte, as in hexadecimal writing.")),
            Near(37.5, _("that is a quarter more; it is four characters for three bytes, a third more.")),
        ],
    ),
    Order(
        "sizes",
        _("Order the files of the flights table, smallest first."),
        [
            Choice(_("CSV"), _("compressed columns and compressed rows are smaller than plain text.")),
            Choice(_("JSON"), _("it repeats the name of each field in each row, so it is the largest.")),
            Choice(_("Parquet"), _("its columns hold similar values side by side and compress best: it comes first.")),
            Choice(_("Pickle"), _("eight bytes for each number, not compressed: only JSON is larger.")),
        ],
        right="cadb",
        because=_("compressed columns, then plain text, then plain memory, then text that repeats its names."),
    ),
    Single(
        "three_percent",
        _("Two runs of the same benchmark differ by 3 %. One was made after an upgrade. Did the upgrade help?"),
        [
            Choice(_("Yes, a little."), _("two runs without any upgrade differ by as much; you have seen it.")),
            Choice(
                _("No, 3 % is nothing."), _("a real gain of 3 % may hide in there; nobody has shown that it does not.")
            ),
            Choice(
                _("These two runs can't tell."),
                _("the spread between rounds is larger than 3 %: pair the rounds, and make more of them."),
                right=True,
            ),
        ],
    ),
    Numeric(
        "money",
        _("CSV files of 600 GB become 6 times smaller. A GB costs 0.02 dollars a month. What is saved in a year?"),
        right=120,
        tolerance=1,
        unit=_("dollars"),
        because=_(
            "500 GB less, at 0.02 dollars and 12 months. Whether that pays for an hour of your time is the question."
        ),
        near=[
            Near(10, _("that is what one month saves.")),
            Near(144, _("that is what 600 GB cost in a year; 100 GB remain to be paid.")),
            Near(24, _("that is what the remaining 100 GB cost in a year.")),
        ],
    ),
    Single(
        "gift",
        _("A stranger sends `model.skops`. What do you do first?"),
        [
            Choice(_("Load it: skops is safe."), _("the name promises nothing; a pickle can be called so.")),
            Choice(
                _("Look at what it is and which types it asks for, then decide."),
                _("`inspect` reads the content without running it, and skops names the types that you would trust."),
                right=True,
            ),
            Choice(_("Load it with `trust=True` in a `try`."), _("the code has run before `except` is reached.")),
        ],
    ),
]

LESSON = Outline(
    title=_("Storage formats"),
    question=_("How much smaller, how much faster is Parquet?"),
    minutes=45,
    needs=[_("lesson 00, so that you know how a lesson works")],
    covers=["S2", "S3", "S6"],
    layer="storage",
    predictions=[
        Prediction(
            "smaller",
            _("The same table as CSV and as Parquet: how many times the bytes of Parquet does CSV need?"),
            unit=_("times"),
        ),
        Prediction(
            "faster",
            _("And reading all of it: how many times as long as Parquet does CSV take?"),
            unit=_("times"),
        ),
        Prediction(
            "pickle",
            _("Pickle is binary. How large is its file beside the other two?"),
            choices={
                "smallest": _("smaller than Parquet"),
                "between": _("between Parquet and CSV"),
                "largest": _("larger than CSV"),
            },
        ),
    ],
    exercises=[NOISE, CHOOSE, ARCHIVE, PACK, STRANGER],
    quiz=QUIZ,
)
