import type { Child } from 'hono/jsx'
import { say } from '../say.ts'

export const wayBack = {
  title: 'On the way back',
  heading: (client: Child) => say`You return to ${client}`,
  press: 'If nothing happens by itself, press the button.',
  go: 'Continue',
}
