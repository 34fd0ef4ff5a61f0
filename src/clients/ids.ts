/** Ids of operators, clients and people have disjoint forms, so that none can pose as another (FAPI2 SP 6.7). */
export const operatorIdForm = /^operator\.[a-z0-9-]{1,64}$/
export const clientIdForm = /^(?!operator\.)(?!user-)[A-Za-z0-9._~:-]{1,128}$/
/** The form of generated `sub` values. */
export const generatedSubPrefix = 'user-'
