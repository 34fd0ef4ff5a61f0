/** Tells a flow as numbered steps: a sentence each, what came of it, and whether it is as promised. */

/** What a step shows: names and values, in order. */
export type Facts = Readonly<Record<string, string | number | undefined>>

export type Storyteller = {
  /** Tells a step and runs it. The facts it returns are shown; what it throws ends the story. */
  readonly step: (title: string, sentence: string, run: () => Promise<Facts>) => Promise<void>
}

/** A step that did not come out as promised. */
export class BrokenPromise extends Error {}

/** @example promise(response.status === 401, 'the API refuses the replay', response.status) */
export function promise(kept: boolean, what: string, instead?: unknown): asserts kept {
  if (kept) return
  throw new BrokenPromise(
    `Promised: ${what}. Instead: ${instead === undefined ? 'not so' : String(instead)}.`,
  )
}

export function createStoryteller(write: (text: string) => void): Storyteller {
  let number = 0
  return {
    async step(title, sentence, run) {
      number += 1
      write(`\n${String(number).padStart(2)}  ${title}\n    ${sentence}\n`)
      const facts = Object.entries(await run()).filter(
        (entry): entry is [string, string | number] => entry[1] !== undefined,
      )
      const width = Math.max(...facts.map(([name]) => name.length), 0)
      for (const [name, value] of facts) {
        const [first, ...more] = String(value).split('\n')
        const margin = `      ${' '.repeat(width)}   `
        write(
          `      ${name.padEnd(width)}   ${first}\n${more.map((line) => `${margin}${line}\n`).join('')}`,
        )
      }
    },
  }
}

/** A token or handle, recognizable but useless. */
export const short = (value: string): string =>
  `${value.slice(0, Math.min(14, value.length / 3))}… (${value.length} characters)`
