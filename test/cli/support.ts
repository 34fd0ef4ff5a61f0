import { mkdtemp, rm } from 'node:fs/promises'
import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { onTestFinished } from 'vitest'
import type { Terminal } from '../../cli/terminal.ts'

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fapi-edge-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Starts a server on a loopback port; it ends with the test. */
export async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return (server.address() as AddressInfo).port
}

export async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

export async function operatorKey(): Promise<{ readonly jwk: JWK; readonly publicJwk: JWK }> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const named = { kid: 'k1', alg: 'ES256', use: 'sig' }
  return {
    jwk: { ...(await exportJWK(pair.privateKey)), ...named },
    publicJwk: { ...(await exportJWK(pair.publicKey)), ...named },
  }
}

export type TestTerminal = Terminal & {
  readonly outLines: string[]
  readonly errLines: string[]
  readonly questions: string[]
}

/** A terminal made of lists: what is typed goes in, what is said comes out. */
export function testTerminal(
  options: {
    readonly cwd?: string
    readonly input?: string
    /** What a person types, answer by answer; leaving it out means nobody sits there. */
    readonly answers?: readonly string[]
  } = {},
): TestTerminal {
  const [outLines, errLines, questions]: [string[], string[], string[]] = [[], [], []]
  const answers = [...(options.answers ?? [])]
  return {
    cwd: options.cwd ?? os.tmpdir(),
    outLines,
    errLines,
    questions,
    out: (text) => void outLines.push(text),
    err: (text) => void errLines.push(text),
    interactive: options.answers !== undefined,
    readInput: async () => options.input ?? '',
    ask: async (question) => {
      questions.push(question)
      return answers.shift() ?? ''
    },
  }
}
