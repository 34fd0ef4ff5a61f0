import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoPeople } from '../../demo/seeds.ts'

const root = dirname(dirname(import.meta.dirname))
let folder: string
let bundle: string
let production: string

/** Builds with the deployment's own tool, so that what is looked at is what would be deployed. */
function build(...options: readonly string[]): string {
  const target = mkdtempSync(join(folder, 'build-'))
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', target, ...options], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: join(folder, 'logs'), CI: '1' },
    stdio: 'pipe',
  }) // prettier-ignore
  return readFileSync(join(target, 'index.js'), 'utf8')
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fapi-edge-bundle-'))
  production = build()
  bundle = build('--no-minify')
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sources = (place: string): readonly { readonly path: string; readonly text: string }[] =>
  readdirSync(join(root, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(root.length + 1), text: readFileSync(path, 'utf8') }))

/** Modules a source names in `import`, `export … from` and `import()`. */
const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, name = '']) => name)

/**
 * Modules that are evaluated when the Worker starts, and all. The bundler turns a module that is also
 * imported late into a function; the start calls those it needs, and they call theirs.
 */
function startOf(text: string): {
  readonly evaluated: readonly string[]
  readonly known: readonly string[]
} {
  const late = new Map<string, { readonly path: string; readonly calls: readonly string[] }>()
  const body =
    /^var (init_\w+) = __esm\(\{\s*(?:async )?"([^"]+)"\(\) \{\n([\s\S]*?)^ {2}\}\n\}\);/gm
  const callsIn = (part: string, indent: string) =>
    [...part.matchAll(new RegExp(`^${indent}(?:await )?(init_\\w+)\\(\\);$`, 'gm'))].map(
      ([, name = '']) => name,
    )
  for (const [, name = '', path = '', inside = ''] of text.matchAll(body)) {
    late.set(name, { path, calls: callsIn(inside, ' {4}') })
  }
  const started = new Set<string>()
  const start = (name: string): void => {
    if (started.has(name)) return
    started.add(name)
    late.get(name)?.calls.forEach(start)
  }
  callsIn(text, '').forEach(start)
  const wrapped = [...late.values()].map(({ path }) => path)
  const all = [...text.matchAll(/^\/\/ (\S+\.[cm]?[jt]sx?)$/gm)].map(([, path = '']) => path)
  const plain = all.filter((path) => !wrapped.some((one) => path.endsWith(one)))
  const early = [...started].flatMap((name) => late.get(name)?.path ?? [])
  return { evaluated: [...plain, ...early], known: [...plain, ...wrapped] }
}

describe('the production bundle', () => {
  it('has the entry, the entrypoint for resource servers and the eight objects, and exports nothing else', () => {
    const exported = [...production.matchAll(/export\s*\{([^}]*)\}/g)].at(-1)?.[1] ?? ''
    const names = exported.split(',').map((part) => part.trim().split(' as ').at(-1))
    expect(names.sort()).toEqual([
      'Account', 'Client', 'Directory', 'Grant', 'Introspection', 'KeyRing', 'PushedRequest', 'ReplayGuard', 'Throttle', 'default',
    ]) // prettier-ignore
  })

  it.each([
    'x-fapi-edge-control', 'controlEvict', 'CONTROL_TOKEN', 'OUTBOUND_ALLOWED', 'server-timing', 'fail_rate', 'storage_delay_ms',
    'kv_stale_s', 'offset_s', 'Budget Buddy', 'example-client', 'openid-client', 'miniflare', 'operator.local',
    'alice@bank.example', ...demoPeople.flatMap(({ password, sub }) => [password, sub]),
  ])('contains nothing of the local runtime: %s', (text) => {
    for (const built of [bundle, production]) {
      expect(built.toLowerCase().includes(text.toLowerCase())).toBe(false)
    }
  }) // prettier-ignore

  it('is searched with words the local runtime does contain', () => {
    const demo = sources('demo').map(({ text }) => text).join('\n').toLowerCase() // prettier-ignore
    for (const text of ['x-fapi-edge-control', 'controlevict', 'control_token', 'outbound_allowed', 'server-timing', 'fail_rate', 'storage_delay_ms', 'kv_stale_s', 'offset_s', 'budget buddy', 'example-client', 'operator.local']) {
      expect(demo).toContain(text)
    }
  }) // prettier-ignore

  it('is made of src and its libraries', () => {
    const places = [...bundle.matchAll(/^\/\/ (\S+\.[cm]?[jt]sx?)$/gm)].map(([, path = '']) => path)
    expect(places.length).toBeGreaterThan(80)
    const strange = places.filter(
      (path) =>
        !/^(src\/|(.*\/)?node_modules\/(hono|jose|oauth4webapi|uqr|canonicalize|@noble\/hashes)\/)/.test(
          path,
        ),
    )
    expect(strange).toEqual([])
  })

  it('holds nothing that only resource servers and clients run', () => {
    const places = [...bundle.matchAll(/^\/\/ (\S+\.[cm]?[jt]sx?)$/gm)].map(([, path = '']) => path)
    const theirs =
      /src\/(http-signatures|resource)\/|node_modules\/(http-message-sig|structured-headers)\//
    expect(places.filter((path) => theirs.test(path))).toEqual([])
    for (const place of ['src/http-signatures', 'src/resource']) {
      expect(sources(place).length).toBeGreaterThan(3)
    }
  })

  it('evaluates pages and encryption when the first person or client needs them, not before', () => {
    const { evaluated, known } = startOf(bundle)
    const needed = ['src/app.ts', 'src/tokens/jwt.ts', 'jose/dist/webapi/jws/compact/sign.js']
    const later = [
      'src/pages/layout.tsx', 'src/endpoints/account/overview.tsx', 'src/tokens/encrypt.ts', 'src/tokens/jwe.ts', 'jose/dist/webapi/jwe/compact/encrypt.js',
      'jose/dist/webapi/lib/jwe_encrypt.js', 'src/authorization-details/schema.ts',
    ] // prettier-ignore
    const ends = (paths: readonly string[]) => (wanted: string) =>
      paths.some((path) => path.endsWith(wanted))
    expect([...needed, ...later].filter(ends(known))).toEqual([...needed, ...later])
    expect([...needed, ...later].filter(ends(evaluated))).toEqual(needed)
  })

  it('imports nothing of Node', () => {
    for (const text of [bundle, production]) {
      const outside = importsOf(text).filter((name) => /^(node|cloudflare):/.test(name))
      expect(outside.filter((name) => name !== 'cloudflare:workers')).toEqual([])
      expect(/\brequire\s*\(\s*['"]node:/.test(text)).toBe(false)
    }
  })

  it('is at most 200 KiB when compressed', () => {
    expect(gzipSync(production).length).toBeLessThanOrEqual(200 * 1024)
  })
})

describe('src', () => {
  const all = sources('src').map(({ path, text }) => ({ path, names: importsOf(text) }))
  const importers = (wanted: RegExp) =>
    all.filter(({ names }) => names.some((name) => wanted.test(name))).map(({ path }) => path)

  it('imports nothing of Node', () => {
    expect(all.length).toBeGreaterThan(80)
    expect(importers(/^(node:|crypto$|fs$|path$|buffer$|util$)/)).toEqual([])
  })

  it('imports jose in one file, and for encryption in another', () => {
    expect(importers(/^jose/)).toEqual(['src/tokens/jwe.ts', 'src/tokens/jwt.ts'])
  })

  it('evaluates the login at an upstream only when somebody is on the way there', () => {
    expect(importers(/^oauth4webapi/).sort()).toEqual([
      'src/people/upstream/exchange.ts',
      'src/people/upstream/server.ts',
    ])
    const statically = (wanted: RegExp) =>
      sources('src')
        .filter(({ text }) => wanted.test(text))
        .map(({ path }) => path)
    const inside = /from '[^']*\/(exchange|server)\.ts'/
    expect(statically(inside).filter((path) => !path.startsWith('src/people/upstream/'))).toEqual([
      'src/endpoints/upstream.ts',
    ])
    expect(statically(/from '[^']*\/upstream\.ts'/)).toEqual([])
    expect(statically(/import\('[^']*\/upstream\.ts'\)/).sort()).toEqual([
      'src/endpoints/delegated.ts',
      'src/routes.ts',
    ])
  })

  it('imports nothing of demo, cli or test', () => {
    expect(importers(/(^|\/)(demo|cli|test)\//)).toEqual([])
  })

  it('knows its profiles by name in src/profiles only', () => {
    const named = sources('src').filter(({ text }) => /['"`]fapi[12]-/.test(text))
    expect(named.map(({ path }) => path).sort()).toEqual([
      'src/profiles/fapi2-message-signing.ts',
      'src/profiles/fapi2-security.ts',
    ])
  })
})
