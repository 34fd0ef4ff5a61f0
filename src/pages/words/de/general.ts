import { say } from '../say.ts'
import type { Words } from '../en.ts'

export const general: Words['general'] = {
  unnamedClient: 'Unbenannte Anwendung',
  unnamedService: 'einem Dienst',
  unnamedPerson: 'Sie',
  unnamedBrand: 'Anmeldung',
  us: 'uns',
  onThisDevice: (host) => say`einer App auf diesem Gerät, ${host}`,
  title: (page, brand) => `${page} – ${brand}`,
  errorTitle: (page) => `Fehler: ${page}`,
}
