// Figures and days as the person reads them: <html data-numbers data-dates> says how.

interface Numbers {
  decimal: string;
  group: string;
  isIndian: boolean;
}

type DayOrder = "name" | "dmy" | "mdy" | "ymd";

interface Dates {
  order: DayOrder;
  mark: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const MINUS = "−";

export class Formats {
  readonly #numbers: Numbers;
  readonly #dates: Dates;
  /** The civil date that counts as today, e.g. 2026-11-25. */
  readonly today: string;

  constructor(numbers: string | undefined, dates: string | undefined, today: string) {
    this.#numbers = readNumbers(numbers ?? "1,234.56");
    this.#dates = readDates(dates ?? "20 Nov 2026");
    this.today = today;
  }

  static ofPage(today: string): Formats {
    const { numbers, dates } = document.documentElement.dataset;
    return new Formats(numbers, dates, today);
  }

  /** Minor units as a figure with its sign: −1,204.10. */
  amount(minor: number, scale: number): string {
    const digits = String(Math.abs(minor)).padStart(scale + 1, "0");
    const whole = this.#grouped(digits.slice(0, digits.length - scale));
    const fraction = scale ? this.#numbers.decimal + digits.slice(digits.length - scale) : "";
    return (minor < 0 ? MINUS : "") + whole + fraction;
  }

  /** As `amount`, with a plus before money that came in. */
  signed(minor: number, scale: number): string {
    return (minor > 0 ? "+" : "") + this.amount(minor, scale);
  }

  count(many: number): string {
    return this.#grouped(String(many));
  }

  /** An amount as a person types it, without grouping: for a field that is edited. */
  typedAmount(minor: number, scale: number): string {
    const digits = String(Math.abs(minor)).padStart(scale + 1, "0");
    const fraction = scale ? this.#numbers.decimal + digits.slice(digits.length - scale) : "";
    return (minor < 0 ? MINUS : "") + digits.slice(0, digits.length - scale) + fraction;
  }

  /** What a person typed, in minor units; undefined where it is no amount with at most `scale` decimals. */
  parseAmount(typed: string, scale: number): number | undefined {
    const text = typed.replace(/[\s\u00a0\u202f'’]/g, "").replace(/[−–]/g, "-");
    const match = /^([+-]?)([\d.,]+)$/.exec(text);
    if (!match) return undefined;
    const [whole, fraction] = this.#parts(match[2] ?? "");
    if (whole === undefined || !/^\d*$/.test(fraction) || fraction.length > scale || whole + fraction === "") return undefined;
    const minor = Number(whole + fraction.padEnd(scale, "0"));
    if (!Number.isSafeInteger(minor)) return undefined;
    return match[1] === "-" ? -minor || 0 : minor;
  }

  /** "minus 12 euro 40": an amount as it is said. */
  spoken(minor: number, scale: number, currency: string): string {
    const digits = String(Math.abs(minor)).padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale).replace(/^0+(?=\d)/, "");
    const fraction = scale ? digits.slice(digits.length - scale).replace(/^0+$/, "") : "";
    const words = [minor < 0 ? "minus" : "", whole, currencyName(currency), fraction];
    return words.filter((word) => word !== "").join(" ");
  }

  /** A day in a list: without its year where that is this year's. */
  day(date: string): string {
    const [year = "", month = "", day = ""] = date.split("-");
    if (this.#dates.order === "ymd") return date;
    return year === this.today.slice(0, 4) ? this.#withoutYear(month, day) : this.fullDay(date);
  }

  fullDay(date: string): string {
    const [year = "", month = "", day = ""] = date.split("-");
    const { order, mark } = this.#dates;
    if (order === "name") return `${Number(day)} ${MONTHS[Number(month) - 1] ?? month} ${year}`;
    if (order === "dmy") return [day, month, year].join(mark);
    if (order === "mdy") return [month, day, year].join(mark);
    return date;
  }

  spokenDay(date: string): string {
    const [year = "", month = "", day = ""] = date.split("-");
    return `${Number(day)} ${LONG_MONTHS[Number(month) - 1] ?? month} ${year}`;
  }

  /** When something happened, in the person's own time. */
  moment(instant: string): string {
    const at = new Date(instant);
    if (Number.isNaN(at.getTime())) return instant;
    const two = (value: number): string => String(value).padStart(2, "0");
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `${this.day(date)}, ${two(at.getHours())}:${two(at.getMinutes())}`;
  }

  /** What a person typed as a civil date: their order, ISO, or with the month's name; a missing year is this year's. */
  parseDay(typed: string): string | undefined {
    const text = typed.trim().toLowerCase();
    if (text === "") return undefined;
    if (text === "today") return this.today;
    const parts = text.match(/\d+|[a-zäöüéû]+/g) ?? [];
    const thisYear = this.today.slice(0, 4);
    const named = parts.findIndex((part) => /^[a-z]/.test(part));
    if (named >= 0) {
      const month = MONTHS.findIndex((name) => parts[named]?.startsWith(name.toLowerCase()));
      const [day, year] = parts.filter((_, index) => index !== named);
      return civil(year ?? thisYear, String(month + 1), day ?? "");
    }
    if (parts[0]?.length === 4) return civil(parts[0], parts[1] ?? "", parts[2] ?? "");
    const [first = "", second = this.today.slice(5, 7), year = thisYear] = parts;
    const isMonthFirst = this.#dates.order === "mdy" || this.#dates.order === "ymd";
    return isMonthFirst && parts.length > 1 ? civil(year, first, second) : civil(year, second, first);
  }

  #withoutYear(month: string, day: string): string {
    const { order, mark } = this.#dates;
    if (order === "name") return `${Number(day)} ${MONTHS[Number(month) - 1] ?? month}`;
    if (order === "mdy") return `${month}${mark}${day}`;
    return `${day}${mark}${month}${mark === "." ? "." : ""}`;
  }

  #grouped(whole: string): string {
    const { group, isIndian } = this.#numbers;
    const pattern = isIndian ? /\B(?=(\d{2})*(\d{3})$)(?!$)/g : /\B(?=(\d{3})+$)/g;
    return whole.replace(pattern, group);
  }

  /** The whole and the decimals. The person's decimal mark counts; a lone other mark counts too where it cannot group. */
  #parts(text: string): [string | undefined, string] {
    const { decimal } = this.#numbers;
    const other = decimal === "." ? "," : ".";
    const pieces = text.split(decimal);
    if (pieces.length > 2) return [undefined, ""];
    const [whole = "", fraction = ""] = pieces;
    const groups = whole.split(other);
    if (pieces.length === 1 && groups.length === 2 && groups[1]?.length !== 3) return [groups[0], groups[1] ?? ""];
    if (
      groups.length > 1 &&
      !groups.slice(1).every((group, at, all) => group.length === 3 || (at < all.length - 1 && group.length === 2))
    ) {
      return [undefined, ""];
    }
    return [groups.join(""), fraction];
  }
}

/** Minor units as the API writes them: exact decimal text. */
export function decimalText(minor: number, scale: number): string {
  const digits = String(Math.abs(minor)).padStart(scale + 1, "0");
  const at = digits.length - scale;
  return (minor < 0 ? "-" : "") + digits.slice(0, at) + (scale ? `.${digits.slice(at)}` : "");
}

/** A date some days or months on; the day of a shorter month is its last. */
export function shiftDay(date: string, days: number, months = 0): string {
  const [year = 1970, month = 1, day = 1] = date.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate();
  const moved = new Date(Date.UTC(year, month - 1 + months, months ? Math.min(day, last) : day));
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

function civil(year: string, month: string, day: string): string | undefined {
  const full = year.length === 2 ? `20${year}` : year;
  if (!/^\d{4}$/.test(full) || !/^\d{1,2}$/.test(month) || !/^\d{1,2}$/.test(day)) return undefined;
  const date = `${full}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const check = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(check.getTime()) && check.toISOString().startsWith(date) ? date : undefined;
}

function readNumbers(sample: string): Numbers {
  const decimal = sample.at(-3) === "," ? "," : ".";
  const group = /\d([^\d])\d/.exec(sample)?.[1] ?? ",";
  // A space that may break would tear a figure apart at the end of a line.
  return { decimal, group: group === " " ? "\u202f" : group, isIndian: sample.startsWith("12,34,") };
}

function readDates(sample: string): Dates {
  if (/[a-z]/i.test(sample)) return { order: "name", mark: " " };
  if (/^\d{4}/.test(sample)) return { order: "ymd", mark: "-" };
  const mark = /\D/.exec(sample)?.[0] ?? "/";
  return { order: sample.startsWith("11") ? "mdy" : "dmy", mark };
}

/** The browser knows them all, but takes longer over the first one than over a whole page of rows. */
const currencyNames = new Map([
  ["EUR", "euro"],
  ["USD", "US dollars"],
  ["GBP", "British pounds"],
  ["CHF", "Swiss francs"],
  ["BRL", "Brazilian reals"],
  ["SEK", "Swedish kronor"],
  ["NOK", "Norwegian kroner"],
  ["DKK", "Danish kroner"],
  ["PLN", "Polish zlotys"],
  ["CZK", "Czech korunas"],
]);

function currencyName(code: string): string {
  const known = currencyNames.get(code) ?? lookUpCurrency(code);
  currencyNames.set(code, known);
  return known;
}

function lookUpCurrency(code: string): string {
  try {
    const parts = new Intl.NumberFormat("en", { style: "currency", currency: code, currencyDisplay: "name" }).formatToParts(2);
    return parts.find((part) => part.type === "currency")?.value ?? code;
  } catch {
    return code;
  }
}
