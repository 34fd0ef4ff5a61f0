import { Failure } from './failure.ts'

/** What a command sees of the world, so that a test can be the world. */
export type Terminal = {
  readonly cwd: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether a person sits there to be asked. */
  readonly interactive: boolean
  /** All of standard input. */
  readonly readInput: () => Promise<string>
  /** Asks for one line. A hidden one is not echoed. */
  readonly ask: (question: string, options?: { readonly hidden?: boolean }) => Promise<string>
}

/** The terminal this process was started from. */
export function processTerminal(): Terminal {
  return {
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    readInput: async () => {
      const chunks: Buffer[] = []
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    },
    ask: (question, options) => askLine(question, options?.hidden === true),
  }
}

/**
 * Reads one line in raw mode, which is the only way not to echo it.
 * Questions go to standard error: standard output belongs to the result.
 */
function askLine(question: string, hidden: boolean): Promise<string> {
  const { stdin, stderr } = process
  // Before the question: whoever answers at once must not be echoed either.
  stdin.setRawMode(true)
  stderr.write(question)
  stdin.setEncoding('utf8')
  stdin.resume()
  return new Promise((resolve, reject) => {
    let line = ''
    const end = (settle: () => void) => {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      settle()
    }
    const onData = (typed: string) => {
      // Arrow and function keys.
      if (typed.startsWith('\u001b')) return
      const keys = [...typed]
      for (const [at, key] of keys.entries()) {
        if (key === '\r' || key === '\n') {
          const rest = keys.slice(at + 1).join('')
          return end(() => {
            // What was pasted beyond this line answers the next question.
            if (rest !== '') stdin.unshift(rest)
            resolve(line)
          })
        }
        if (key === '\u0003' || key === '\u0004')
          return end(() => reject(new Failure('Cancelled.')))
        if (key === '\u007f' || key === '\b') {
          if (line !== '' && !hidden) stderr.write('\b \b')
          line = [...line].slice(0, -1).join('')
        } else if (key >= ' ') {
          line += key
          if (!hidden) stderr.write(key)
        }
      }
    }
    stdin.on('data', onData)
  })
}

/** Asks for a yes before something that cannot be undone. Without a person, the command is the yes. */
export async function confirm(
  terminal: Terminal,
  options: { readonly question: string; readonly yes: boolean },
): Promise<void> {
  if (options.yes || !terminal.interactive) return
  const answer = await terminal.ask(`${options.question} [y/N] `)
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('Nothing was changed.')
}
