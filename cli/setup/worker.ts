/**
 * What the Worker itself says about its settings and secret, so that what set-up writes is what
 * starts.
 *
 * The specifiers are not literals: the Worker's sources are type checked against the types of
 * workerd, this folder against those of Node.
 */
const load = (file: string): Promise<unknown> =>
  import(new URL(`../../src/${file}`, import.meta.url).href)

/** One sentence about what is wrong with settings, or undefined. */
export type CheckSettings = (value: unknown) => Promise<string | undefined>

export const checkSettings: CheckSettings = async (value) => {
  const { readSettings } = (await load('config.ts')) as {
    readonly readSettings: (
      value: unknown,
      options: { readonly development: boolean },
    ) => { readonly ok: true } | { readonly ok: false; readonly problem: string }
  }
  const result = readSettings(value, { development: false })
  return result.ok ? undefined : result.problem
}

/** The ids of a master secret list, current first; or one sentence about what is wrong with it. */
export async function readSecretIds(list: string): Promise<readonly string[] | string> {
  const { parseMasterSecret } = (await load('secrets.ts')) as {
    readonly parseMasterSecret: (
      text: unknown,
    ) => { readonly keys: ReadonlyMap<string, unknown> } | string
  }
  const parsed = parseMasterSecret(list)
  return typeof parsed === 'string' ? parsed : [...parsed.keys.keys()]
}
