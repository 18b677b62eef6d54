// Calls of the API under one address, with its errors as it states them (application/problem+json).

/** A refusal, or no answer at all. `code` is stable; `message` is written for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The field that the server names, if it names one. */
    readonly field?: string,
  ) {
    super(message);
    this.name = "Problem";
  }

  /** Whether trying the same again may help: nobody has decided anything yet. */
  get isWeather(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export type Params = Record<string, string | number | boolean | undefined>;

export class Api {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base.replace(/\/$/, "");
  }

  address(path: string, params: Params = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) {
      if (value !== undefined && value !== "") query.set(name, String(value));
    }
    const text = query.toString();
    return `${this.#base}/${path}${text && `?${text}`}`;
  }

  get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
    return this.#call<T>(this.address(path, params), signal ? { signal } : {});
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#call<T>(this.address(path), asJson("POST", body));
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>(this.address(path), asJson("PATCH", body));
  }

  delete<T>(path: string): Promise<T> {
    return this.#call<T>(this.address(path), { method: "DELETE" });
  }

  async #call<T>(address: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await fetch(address, { ...init, headers: { accept: "application/json", ...init.headers } });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new Problem(0, "unreachable", "The server did not answer. What you typed is kept here.");
    }
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }
}

function asJson(method: string, body: unknown): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

async function problemOf(response: Response): Promise<Problem> {
  const said: Record<string, unknown> = await response.json().catch(() => ({}));
  const text = (name: string): string | undefined => (typeof said[name] === "string" ? said[name] : undefined);
  const message = text("detail") ?? text("title") ?? `The server answered with ${response.status}.`;
  return new Problem(response.status, text("code") ?? String(response.status), message, text("field"));
}

/** Whether a call was given up because something newer took its place. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, "fault", error instanceof Error ? error.message : String(error));
}
