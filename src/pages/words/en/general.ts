import type { Child } from 'hono/jsx'
import { say } from '../say.ts'

export const general = {
  /** In place of a name of which nothing can be seen. */
  unnamedClient: 'Unnamed application',
  unnamedService: 'a service',
  unnamedPerson: 'you',
  unnamedBrand: 'Sign-in',
  us: 'us',
  /** In place of a host; stands after “return to” and “from”. */
  onThisDevice: (host: Child) => say`an app on this device, ${host}`,
  /** The window's title. */
  title: (page: string, brand: string) => `${page} – ${brand}`,
  errorTitle: (page: string) => `Error: ${page}`,
}
