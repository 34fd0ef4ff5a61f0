/**
 * Names of clients and people come from strangers. Escaping keeps them from being markup; this keeps
 * them from lying about where they end: direction overrides, invisible characters and line breaks can
 * make one name look like another, or make it swallow the words beside it (Unicode UTS 39, UTR 36).
 */

/** Bidirectional controls, other invisible format characters, private use and lone surrogates. */
const invisible =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\uffff\u{e0000}-\u{10ffff}\p{Co}\p{Cs}]/gu

/** More marks stacked on one letter than any living script needs. */
const stacked = /(\p{M}{4})\p{M}+/gu

const longest = 80

/**
 * A name as it may stand in a sentence of ours: one line, visible, of bounded length.
 * Zero-width (non-)joiners stay: Persian and several Indic scripts are spelled with them.
 *
 * @example visibleName('Budget\u202e Buddy', 'Unnamed') // 'Budget Buddy'
 */
export function visibleName(name: string, otherwise: string): string {
  const clean = visibleText(name)
  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(clean)) return otherwise
  const letters = [...clean]
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : clean
}

/** The same without a bound, for addresses: a cut one could hide the part that tells whose it is. */
export function visibleText(text: string): string {
  return text
    .replace(invisible, '')
    .replace(stacked, '$1')
    .replace(/[\p{Cc}\p{Z}]+/gu, ' ')
    .trim()
}
