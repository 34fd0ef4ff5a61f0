import { describe, expect, it } from 'vitest'
import { noticesOf, owe, settleNotice } from '../../../src/objects/account/notices.ts'
import type { StoredSession } from '../../../src/objects/account/sessions.ts'
import type { Shelf } from '../../../src/objects/shelf.ts'

const start = 1_800_000_000_000

function makeShelf() {
  const values = new Map<string, unknown>()
  const clock = { now: start }
  const shelf: Shelf = {
    now: () => clock.now,
    read: <T>(key: string) => values.get(key) as T | undefined,
    write: (key, value) => void values.set(key, value),
    erase: (key) => void values.delete(key),
    wakeAt: () => undefined,
    list: <T>(prefix: string) =>
      [...values].filter(([key]) => key.startsWith(prefix)) as (readonly [string, T])[],
  }
  const end = (...clients: readonly string[]) =>
    owe(shelf, { id: 'the-session', clients } as unknown as StoredSession)
  const owed = () => {
    const [notice] = noticesOf(shelf)
    return notice ?? expect.fail('nothing is owed')
  }
  return { shelf, clock, end, owed }
}

describe('a notice of a session’s end', () => {
  it('is gone when all have heard, and due again later for who has not', () => {
    const { shelf, end, owed } = makeShelf()
    end('one', 'two')
    expect(settleNotice(shelf, owed(), ['two'])).toEqual([])
    expect(owed()).toMatchObject({ clients: ['two'], tries: 1, dueAt: start + 5_000 })
    expect(settleNotice(shelf, owed(), [])).toEqual([])
    expect(noticesOf(shelf)).toEqual([])
  })

  it('is given up after five tries', () => {
    const { shelf, end, owed } = makeShelf()
    end('one')
    for (let tries = 1; tries <= 4; tries += 1) {
      expect(settleNotice(shelf, owed(), ['one'])).toEqual([])
      expect(owed().tries).toBe(tries)
    }
    expect(settleNotice(shelf, owed(), ['one'])).toEqual(['one'])
    expect(noticesOf(shelf)).toEqual([])
  })

  it('keeps who is added while it is being told, and tells nobody twice who heard', () => {
    const { shelf, clock, end, owed } = makeShelf()
    end('one', 'two')
    const underWay = owed()
    clock.now += 1_000
    end('two', 'three')
    expect(settleNotice(shelf, underWay, ['two'])).toEqual([])
    expect(owed()).toMatchObject({ clients: ['two', 'three'], tries: 0, dueAt: start + 1_000 })
    expect(settleNotice(shelf, owed(), [])).toEqual([])
    expect(noticesOf(shelf)).toEqual([])
  })

  it('gives up nobody who was added during the last try', () => {
    const { shelf, end, owed } = makeShelf()
    end('one')
    for (let tries = 0; tries < 4; tries += 1) settleNotice(shelf, owed(), ['one'])
    const last = owed()
    end('two')
    expect(settleNotice(shelf, last, ['one'])).toEqual([])
    expect(owed()).toMatchObject({ clients: ['one', 'two'], tries: 0 })
  })
})
