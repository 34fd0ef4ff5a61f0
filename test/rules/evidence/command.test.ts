import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFapi } from '../../../cli/fapi.ts'
import type { AdminAnswer } from '../../../cli/admin-client.ts'
import { append } from '../../../src/evidence/chain.ts'
import { writeEvidence } from '../../../src/evidence/file.ts'
import type { EvidenceFile } from '../../../src/evidence/file.ts'
import { operatorKey, testTerminal } from '../../cli/support.ts'
import {
  anchorOf, approval, chainOf, exportFile, exported, grant, keySet, makeSigners, start, tokenEntry,
} from './support/file.ts' // prettier-ignore

const { jwk } = await operatorKey()
let folder: string
let file: EvidenceFile
let text: string

const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return name
}

const run = async (...argv: readonly string[]) => {
  const terminal = testTerminal({ cwd: folder })
  const status = await runFapi(argv, { terminal })
  return { status, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fapi-edge-evidence-'))
  const signers = await makeSigners()
  const times = { from: start - 1000 }
  const chain = chainOf([...(await approval(signers)), tokenEntry(1)])
  file = await exportFile({ chain, signers })
  text = writeEvidence(file)
  put('file.json', text)
  put('keys.json', JSON.stringify(keySet(signers.evidence, times)))
  mkdirSync(join(folder, 'keys'))
  put('keys/a.json', JSON.stringify(keySet(signers.evidence, times)))
  put('keys/b.json', JSON.stringify(keySet(signers.signing)))
  const anchors = [await anchorOf(signers, chain, 0), await anchorOf(signers, chain, 5)]
  put('anchors.jsonl', anchors.map((one) => `${JSON.stringify(one)}\n`).join(''))
  mkdirSync(join(folder, 'anchors', 'deep'), { recursive: true })
  for (const one of anchors) put(`anchors/deep/${one.n}.json`, `${JSON.stringify(one)}\n`)
  const other = await makeSigners()
  put('strangers.json', JSON.stringify(keySet({ ...other.evidence, kid: 'evidence-key' }, times)))
  const longer = append(chain, [tokenEntry(2)], exported - 7_200_000)
  put('cut.jsonl', JSON.stringify(await anchorOf(signers, longer, 6)))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('evidence verify', () => {
  it('says of each entry what is proven, and exits with 0', async () => {
    const { status, out, err } = await run('evidence', 'verify', 'file.json')
    expect(status).toBe(0)
    expect(err).toBe('')
    expect(out).toContain('SOUND: 6 entries')
    expect(out).toMatch(/^0 +request +\S+ +signed by client +not anchored/m)
    expect(out).toMatch(/^5 +token +\S+ +asserted by the server +not anchored/m)
    expect(out).toContain("The issuer's keys are the word of this file")
    expect(out).toContain('could have written this chain anew')
  })

  it('reads a file that npm run wrote its own lines into', async () => {
    put('npm.json', `\n> fapi-edge@0.1.0 fapi\n> node cli/fapi.ts evidence export X\n\n${text}`)
    expect((await run('evidence', 'verify', 'npm.json')).status).toBe(0)
  })

  it.each([
    ['a scope', (one: string) => one.replace('accounts openid', 'accounts opened')],
    ['a number', (one: string) => one.replace('"n": 5', '"n": 6')],
    ['a space', (one: string) => one.replace('  "issuer"', ' \t"issuer"')],
    ['its last byte', (one: string) => one.slice(0, -1)],
    ['a salt', (one: string) => one.replace(/"salt": "./, '"salt": "!')],
  ])('exits with 1 and says where when %s was changed', async (_what, change) => {
    expect(change(text)).not.toBe(text)
    put('changed.json', change(text))
    const { status, out, err } = await run('evidence', 'verify', 'changed.json')
    expect(status).toBe(1)
    expect(out).toBe('')
    expect(err).toMatch(/NOT SOUND: .*\. This file is no evidence\.\n {2}\S.*: /)
  })

  it('exits with 1 for every single byte that is another one', async () => {
    const bytes = readFileSync(join(folder, 'file.json'))
    for (let index = 0; index < bytes.length; index += 97) {
      const other = Buffer.from(bytes)
      other[index] = (other[index] ?? 0) ^ 1
      writeFileSync(join(folder, 'flipped.json'), other)
      const { status, err } = await run('evidence', 'verify', 'flipped.json')
      expect(status, `byte ${index}`).toBe(1)
      expect(err).not.toBe('')
    }
  }, 60_000)

  it.each([
    ['a file', 'anchors.jsonl'],
    ['a folder', 'anchors'],
  ])('takes anchors from %s', async (_what, place) => {
    const { status, out } = await run('evidence', 'verify', 'file.json', '--anchors', place)
    expect(status).toBe(0)
    expect(out).toMatch(/^5 +token +\S+ +asserted by the server +anchored/m)
    expect(out).toContain('Anchored up to entry 5')
  })

  it('exits with 1 when anchors say that the chain went on', async () => {
    const { status, err } = await run('evidence', 'verify', 'file.json', '--anchors', 'cut.jsonl')
    expect(status).toBe(1)
    expect(err).toContain('anchor of entry 6: ')
  })

  it('confirms the keys by those that are given', async () => {
    const { status, out } = await run('evidence', 'verify', 'file.json', '--issuer-keys', 'keys')
    expect(status).toBe(0)
    expect(out).toContain('Keys given confirm: evidence-key, issuer-key.')
    expect(out).not.toContain('word of this file')
  })

  it('exits with 1 when the issuer has other keys', async () => {
    const { status, err } = await run(
      'evidence',
      'verify',
      'file.json',
      '--issuer-keys',
      'strangers.json',
    )
    expect(status).toBe(1)
    expect(err).toContain('keys.evidence.keys[0]: ')
  })

  it('gives the finding as JSON, sound or not', async () => {
    const found = await run('evidence', 'verify', 'file.json', '--json')
    expect(JSON.parse(found.out)).toMatchObject({ sound: true, grant })
    put('changed.json', text.replace('accounts openid', 'accounts opened'))
    const spoiled = await run('evidence', 'verify', 'changed.json', '--json')
    expect(spoiled.status).toBe(1)
    expect(JSON.parse(spoiled.out)).toMatchObject({ sound: false })
  })

  it.each([
    [['evidence', 'verify', 'nothing.json'], 1, 'Cannot read nothing.json.'],
    [['evidence', 'verify', 'file.json', '--anchors', 'nothing'], 1, 'Cannot read nothing.'],
    [['evidence', 'verify', 'file.json', '--anchors', 'keys.json'], 1, 'does not hold anchors'],
    [['evidence', 'verify', 'file.json', '--issuer-keys', 'anchors.jsonl'], 1, 'not a JWK Set'],
    [['evidence', 'verify', 'file.json', '--anchors', ''], 2, '--anchors needs'],
    [['evidence', 'verify'], 2, 'Usage'],
    [['evidence', 'prove', 'file.json'], 2, 'export, verify, erase'],
  ])('answers %j with %i', async (argv, status, said) => {
    const found = await run(...argv)
    expect(found.status).toBe(status)
    expect(found.err).toContain(said)
    expect(found.out).toBe('')
  })
})

describe('evidence export and erase', () => {
  const world = (answers: Readonly<Record<string, AdminAnswer>>) => {
    const calls: string[] = []
    const connect = async () => ({
      request: async (method: string, path: string) => {
        calls.push(`${method} ${path}`)
        return answers[`${method} ${path}`] ?? { status: 404, body: { error: 'not_found' } }
      },
    })
    mkdirSync(join(folder, '.fapi-edge'), { recursive: true })
    const key = { issuer: 'http://localhost:1', client_id: 'operator.x', jwk }
    writeFileSync(join(folder, '.fapi-edge', 'operator.json'), JSON.stringify(key), { mode: 0o600 })
    const terminal = testTerminal({ cwd: folder })
    const act = (...argv: readonly string[]) => runFapi(argv, { terminal, connect })
    return { calls, terminal, act }
  }

  it('prints exactly the file that verifies', async () => {
    const address = `GET /grants/${grant}/evidence`
    const { calls, terminal, act } = world({ [address]: { status: 200, body: JSON.parse(text) } })
    expect(await act('evidence', 'export', grant)).toBe(0)
    expect(calls).toEqual([address])
    expect(`${terminal.outLines.join('\n')}\n`).toBe(text)
  })

  it('writes a file of its own, and never over another', async () => {
    const address = `GET /grants/${grant}/evidence`
    const { terminal, act } = world({ [address]: { status: 200, body: JSON.parse(text) } })
    rmSync(join(folder, 'out.json'), { force: true })
    expect(await act('evidence', 'export', grant, '--out', 'out.json')).toBe(0)
    expect(readFileSync(join(folder, 'out.json'), 'utf8')).toBe(text)
    expect(await act('evidence', 'export', grant, '--out', 'out.json')).toBe(1)
    expect(terminal.errLines.join()).toContain('Cannot write out.json')
  })

  it('exits with 1 where there is no such grant', async () => {
    const { act } = world({})
    expect(await act('evidence', 'export', grant)).toBe(1)
    expect(await act('evidence', 'erase', grant, '--yes')).toBe(1)
  })

  it('erases once the operator said yes', async () => {
    const address = `POST /grants/${grant}/evidence/erase`
    const { calls, terminal, act } = world({
      [address]: { status: 200, body: { grant_id: grant, erased: 9 } },
    })
    expect(await act('evidence', 'erase', grant, '--yes')).toBe(0)
    expect(calls).toEqual([address])
    expect(terminal.outLines.join()).toContain(`9 items of grant ${grant} were erased`)
  })
})
