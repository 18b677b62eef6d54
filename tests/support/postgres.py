"""What a test writes between two starts of a server goes to PostgreSQL, through its own psql, with the calls that sqlite3 has."""
import re
import subprocess
import uuid

AN_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Found:
    def __init__(self, rows):
        self.rows = rows

    def fetchone(self):
        return self.rows[0]


def read(text):
    return uuid.UUID(text).bytes if AN_ID.match(text) else text


def written(value):
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return str(uuid.UUID(bytes=value)) if len(value) == 16 else "\\\\x" + value.hex()
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def literal(text):
    """A value that stands in the statement itself; None is a question mark."""
    if text == "?":
        return None
    if text.startswith("x'"):
        return "\\\\x" + text[2:-1]
    return text.strip("'")


class Database:
    def __init__(self, url):
        self.psql = ["psql", url, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]

    def execute(self, text):
        done = subprocess.run([*self.psql, "--tuples-only", "--no-align", "--field-separator=\t"], input=text, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return Found([tuple(read(cell) for cell in line.split("\t")) for line in done.stdout.splitlines()])

    def executemany(self, text, rows):
        table, columns, values = re.match(r"\s*INSERT INTO (\w+) \(([^)]*)\)\s+VALUES \(([^)]*)\)\s*$", text).groups()
        template = [literal(value.strip()) for value in values.split(",")]
        copying = subprocess.Popen([*self.psql, "--command", f"COPY {table} ({columns}) FROM STDIN"], stdin=subprocess.PIPE, text=True)
        for row in rows:
            given = iter(row)
            copying.stdin.write("\t".join(written(next(given)) if fixed is None else fixed for fixed in template) + "\n")
        copying.stdin.close()
        if copying.wait() != 0:
            raise RuntimeError(f"{table} was not written")

    def commit(self):
        # As its own housekeeping does soon after.
        self.execute("VACUUM ANALYZE")

    def close(self):
        pass
