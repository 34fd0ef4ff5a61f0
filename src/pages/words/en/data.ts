/** What is asked for: the scopes of OpenID Connect Core 5.4 and 11, and the claims of 5.1. */
export const data = {
  scopes: {
    openid: {
      title: 'Confirm that it is you',
      description: 'A number that stands for you here. It tells nothing else about you.',
    },
    profile: {
      title: 'See your profile',
      description: 'The details that say who you are.',
      data: ['Names', 'Gender', 'Date of birth', 'Picture and web pages', 'Language and time zone'],
    },
    email: {
      title: 'See your email address',
      description: 'Your email address, and whether we have checked it.',
    },
    phone: {
      title: 'See your phone number',
      description: 'Your phone number, and whether we have checked it.',
    },
    address: {
      title: 'See your postal address',
      description: 'The postal address we hold for you.',
    },
    offline_access: {
      title: 'Keep access while you are away',
      description: 'It may fetch the data listed here again without you being present.',
    },
  },
  undescribed: 'There is no description of this permission. Approve it only if you know it.',
  claims: {
    name: 'Name',
    given_name: 'First name',
    family_name: 'Last name',
    middle_name: 'Middle name',
    nickname: 'Nickname',
    preferred_username: 'User name',
    profile: 'Profile page',
    picture: 'Picture',
    website: 'Website',
    email: 'Email address',
    email_verified: 'Whether your email address is checked',
    gender: 'Gender',
    birthdate: 'Date of birth',
    zoneinfo: 'Time zone',
    locale: 'Language',
    phone_number: 'Phone number',
    phone_number_verified: 'Whether your phone number is checked',
    address: 'Postal address',
    updated_at: 'When your details last changed',
  },
  singleDetails: 'See single details',
  onlyThese: 'From what we hold about you, only these:',
}
