// Finding names by what somebody remembers of them: without accents and case, in parts, or by letters in their order.

/** Text as it is compared: `Müller & Söhne` is `muller & sohne`. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").replaceAll("ø", "o").replaceAll("ł", "l").replaceAll("æ", "ae");
}

/** How well a name fits, the more the better; 0 where it does not. Both texts are folded. */
export function fit(wanted: string, name: string): number {
  if (wanted === "") return 1;
  const words = wanted.split(/\s+/).filter(Boolean);
  let sum = 0;
  for (const word of words) {
    const one = fitWord(word, name);
    if (one === 0) return 0;
    sum += one;
  }
  // Of two that fit alike, the shorter one says less besides.
  return sum / words.length - Math.min(name.length, 200) / 1000;
}

function fitWord(word: string, name: string): number {
  const at = name.indexOf(word);
  if (at === 0) return 5;
  if (at > 0) return new RegExp(`[^\\p{L}\\p{N}]`, "u").test(name[at - 1] ?? "") ? 4 : 3;
  // Two letters would fit anything in their order.
  return word.length > 2 && isInOrder(word, name) ? 2 : 0;
}

/** Whether the letters stand in the name in their order, the first at the beginning of a word. */
function isInOrder(letters: string, name: string): boolean {
  const starts = [...name.matchAll(/(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu)].map((match) => match.index);
  return starts.some((start) => {
    let at = start;
    if (name[start] !== letters[0]) return false;
    for (const letter of letters.slice(1)) {
      at = name.indexOf(letter, at + 1);
      if (at === -1 || at - start > letters.length * 4) return false;
    }
    return true;
  });
}
