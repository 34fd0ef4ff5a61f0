import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { routes } from '../../../src/routes.ts'
import { scenes } from '../../../trials/fuzz/http/scenes.ts'

/* Nothing that reads what others wrote, and no route, is left out of the fuzzing without a word. */

const textsUnder = (folder: string): readonly (readonly [path: string, text: string])[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => [join(folder, name), readFileSync(join(folder, name), 'utf8')])

/** Readers without a property of their own, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  readBody: 'by readForm',
  readJson: 'by the requests to the admin API',
  readLogoutRequest: 'by the requests to /logout',
  parseMasterSecretOnce: 'by parseMasterSecret',
  readCertificateAuthorities: 'settings of the operator, by readSettings',
  readRing: 'what this server wrote itself',
  readStatement: 'what another object of this server says',
  readLink: 'by readHandle; what it opens is this server’s own',
}
const reader = /^export (?:async )?(?:function|const) ((?:read|parse|decode|unseal|canonical)[A-Z]?\w*)/gm // prettier-ignore

describe('the list of parsers', () => {
  it('has every function of the source that reads or decodes, or says where else it is fuzzed', () => {
    const properties = textsUnder('trials/fuzz/properties').map(([, text]) => text).join('\n')
    const lacking = textsUnder('src')
      .filter(([path]) => !path.startsWith(join('src', 'settings')))
      .flatMap(([, text]) => [...text.matchAll(reader)].map(([, name = '']) => name))
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(properties))
    expect([...new Set(lacking)].sort()).toEqual(Object.keys(elsewhere).sort())
  }) // prettier-ignore
})

describe('the scenes', () => {
  const covered = new Set(scenes.map(({ route }) => route))

  it.each(routes.map(({ method, path }) => `${method} ${path}`))('send %s', (route) => {
    expect(covered).toContain(route)
  })

  it('send nothing to a route that is not there, and have names of their own', () => {
    const known = new Set(routes.map(({ method, path }) => `${method} ${path}`))
    const strange = [...covered].filter((route) => !route.startsWith('api ') && !known.has(route))
    expect(strange).toEqual([])
    expect(new Set(scenes.map(({ name }) => name)).size).toBe(scenes.length)
  })
})
