import { WorkerEntrypoint } from 'cloudflare:workers'
import type { LoginRequest } from '../../src/people/login-service.ts'

/*
 * A login that answers whatever the field `answer` says: JSON as it is, `echo` shows what it was asked,
 * and a few things that JSON cannot say.
 */

const page = (message: string) => ({
  status: 'page',
  message,
  fields: [{ name: 'answer', label: 'Answer', type: 'text' }],
  buttons: [{ value: 'say', label: 'Say' }],
})

export default class RudeLogin extends WorkerEntrypoint {
  async authenticate(request: LoginRequest): Promise<unknown> {
    const { answer } = request.form
    switch (answer) {
      case undefined:
        return page(request.state ?? 'Say something.')
      case 'echo':
        return page(JSON.stringify(request))
      case 'throw':
        throw new Error('the login broke')
      case 'never':
        await new Promise((resolve) => setTimeout(resolve, 20_000))
        return page('too late')
      case 'function':
        return { ...page('x'), title: () => 'x' }
      case 'date':
        return { status: 'authenticated', subject: 'a', level: 2, amr: [], auth_time: new Date() }
      case 'nothing':
        return undefined
      default:
        return JSON.parse(answer.replace('"NOW"', String(request.now))) as unknown
    }
  }
}
