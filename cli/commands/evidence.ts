import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readText, readTexts } from '../evidence/files.ts'
import { faultList, report } from '../evidence/report.ts'
import { loadVerifier } from '../evidence/verifier.ts'
import { Failure, misuse } from '../failure.ts'
import { cell } from '../table.ts'
import { confirm } from '../terminal.ts'
import {
  argument,
  call,
  record,
  segment,
  yesOption,
  type Command,
  type Context,
  type Result,
} from './command.ts'

/** `evidence …`: what can be shown of a grant later, to a stranger. */
export const evidenceCommands: readonly Command[] = [
  {
    name: 'evidence export',
    args: ['GRANT_ID'],
    options: {
      out: { type: 'string', value: 'FILE', help: 'Write to a file that does not exist yet.' },
    },
    summary: 'Exports all that is recorded of a grant as one file, its end signed.',
    examples: ['evidence export GRANT_ID > file.json', 'evidence export GRANT_ID --out file.json'],
    run: exportEvidence,
  },
  {
    name: 'evidence verify',
    args: ['FILE'],
    options: {
      anchors: {
        type: 'string',
        value: 'FILE-OR-DIR',
        help: 'Anchors from outside: JSON files, or JSON lines.',
      },
      'issuer-keys': {
        type: 'string',
        value: 'FILE-OR-DIR',
        help: 'JWK Sets of ISSUER/jwks and ISSUER/evidence/jwks, got on another day or way.',
      },
    },
    summary: 'Verifies an exported file. Needs no server, no key and no network.',
    examples: [
      'evidence verify file.json',
      'evidence verify file.json --anchors anchors.jsonl',
      'evidence verify file.json --issuer-keys keys/',
    ],
    run: verifyFile,
  },
  {
    name: 'evidence erase',
    args: ['GRANT_ID'],
    options: yesOption,
    summary: 'Erases what the evidence holds about the person; the chain still verifies.',
    examples: ['evidence erase GRANT_ID', 'evidence erase GRANT_ID --yes'],
    run: eraseEvidence,
  },
]

async function exportEvidence(context: Context): Promise<Result> {
  const grant = argument(context, 0)
  const { out } = context.options
  const address = `/grants/${segment(grant)}/evidence`
  const { body } = await call(await context.connect(), 'GET', address)
  const text = JSON.stringify(body, null, 2)
  if (typeof out !== 'string') return { json: body, text }
  const file = path.resolve(context.terminal.cwd, out)
  await writeFile(file, `${text}\n`, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw new Failure(`Cannot write ${out}: it exists, or its folder does not.`, { cause: error })
  })
  return { json: body, text: `The evidence of grant ${cell(grant)} is in ${out}.` }
}

async function verifyFile(context: Context): Promise<Result> {
  const { terminal, options } = context
  const { readEvidence, verifyEvidence, readAnchors, readKeySets } = await loadVerifier()
  const text = await readText(terminal, argument(context, 0))
  const anchors = await given(context, 'anchors', (texts) =>
    texts.flatMap((one) => {
      const read = readAnchors(one.text)
      if (read === undefined) throw new Failure(`${one.name} does not hold anchors.`)
      return read
    }),
  )
  const issuerKeys = await given(context, 'issuer-keys', (texts) => {
    const sets = texts.map(({ text: set }) => parse(set))
    const keys = readKeySets(sets)
    if (typeof keys === 'string') throw new Failure(`${String(options['issuer-keys'])}: ${keys}`)
    return keys
  })
  const read = readEvidence(text)
  if ('problem' in read) {
    const faults = [{ where: read.where, what: read.problem }]
    throw new Failure(faultList(faults), { answer: { sound: false, faults } })
  }
  const found = await verifyEvidence(read.file, {
    ...(anchors === undefined ? {} : { anchors }),
    ...(issuerKeys === undefined ? {} : { issuerKeys }),
  })
  if (!found.sound) throw new Failure(report(found), { answer: found })
  return { json: found, text: report(found) }
}

/** What an option names, read; undefined without it. */
async function given<T>(
  { terminal, options }: Context,
  name: string,
  read: (texts: readonly { readonly name: string; readonly text: string }[]) => T,
): Promise<T | undefined> {
  const place = options[name]
  if (place === undefined) return undefined
  if (typeof place !== 'string' || place === '') throw misuse(`--${name} needs a file or folder.`)
  return read(await readTexts(terminal, place))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function eraseEvidence(context: Context): Promise<Result> {
  const grant = argument(context, 0)
  const api = await context.connect()
  await confirm(context.terminal, {
    question: `Erase what the evidence of grant ${cell(grant)} holds about the person, for good?`,
    yes: context.options['yes'] === true,
  })
  const { body } = await call(api, 'POST', `/grants/${segment(grant)}/evidence/erase`)
  const json = record(body)
  return {
    json,
    text: `${cell(json['erased'])} items of grant ${cell(grant)} were erased; the chain holds without them.`,
  }
}
