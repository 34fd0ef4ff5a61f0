import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The headless shell first: the same browser without its windows, which takes half the time. */
const commands = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
]

/** What a person reads whose machine has no browser. */
export const noChromium =
  'No Chromium was found, so the browser tests cannot run: install one (`apt-get install ' +
  'chromium-headless-shell`, or `chromium`) or name its program in CHROMIUM_PATH.'

/**
 * The program of an installed Chromium: `CHROMIUM_PATH` decides alone where it is set, else the usual
 * names in /usr/bin and on the PATH.
 *
 * @example findChromium(process.env) // '/usr/bin/chromium'
 */
export function findChromium(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { CHROMIUM_PATH: named, PATH: path = '' } = environment
  if (named !== undefined && named !== '') return isProgram(named) ? named : undefined
  const folders = ['/usr/bin', ...path.split(delimiter).filter((folder) => folder !== '')]
  return commands
    .flatMap((command) => folders.map((folder) => join(folder, command)))
    .find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
