import type { Child } from 'hono/jsx'

/**
 * A sentence with elements in it: the language decides where they stand, the page what they are.
 *
 * @example say`${client} asks for your permission`
 */
export function say(words: TemplateStringsArray, ...elements: readonly Child[]): Child {
  return words.flatMap((part, index) =>
    index < elements.length ? [part, elements[index] as Child] : [part],
  )
}

/** Makes an element, such as a link, of words that stand inside a sentence. */
export type Around = (words: string) => Child
