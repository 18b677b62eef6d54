// Rows in plenty, written into the data of a server that stands still.
export const ROWS = Number(process.env.BANKSIDE_ROWS ?? 100_000);

/** Thirteen rows a day, forty payees, every amount its own; the account's kept sums go with them. */
export const many = `
import datetime
(organization, account) = db.execute("SELECT organization_id, id FROM accounts").fetchone()
payees = [os.urandom(16) for _ in range(40)]
db.executemany("INSERT INTO payees (organization_id, id, name, name_folded, created_at) VALUES (?, ?, ?, ?, 0)",
    [(organization, id, f"Payee {n:02}", f"payee {n:02}") for n, id in enumerate(payees)])
first = datetime.date(2004, 1, 1)
days = [(first + datetime.timedelta(days=n // 13)).isoformat() for n in range(${ROWS})]
ids = [n.to_bytes(16, "big") for n in range(1, ${ROWS} + 1)]
db.executemany("""INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, payee_id, moves_opening,
    position, seen_at, created_at, reviewed_at) VALUES (?, ?, ?, 'booked', ?, ?, ?, 0, ?, 0, 0, 0)""",
    [(organization, ids[n], account, -(n + 1), days[n], payees[n % 40], n) for n in range(${ROWS})])
db.executemany("INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor) VALUES (?, ?, ?, 0, ?)",
    [(organization, id, id, -(n + 1)) for n, id in enumerate(ids)])
db.execute("UPDATE accounts SET booked_minor = ?, transaction_count = ?, revision = revision + 1",
    (-sum(range(1, ${ROWS} + 1)), ${ROWS}))
`;
