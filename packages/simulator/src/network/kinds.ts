/** What can be wrong with the network between a client and a provider, by name. */
export const networkFaults = {
  refused: 'a port that is taken and that nobody listens on: every connection is refused',
  'black-hole': 'handshakes of TCP never finish, as behind a firewall that drops packets (Linux)',
  'tls-silent': 'accepts, reads, says nothing',
  'tls-alert': 'a fatal alert (handshake_failure) in answer to the first bytes',
  'tls-private-ca': 'a right certificate for 127.0.0.1 and localhost, signed by `testAuthority`',
  'tls-self-signed': 'a certificate for the right names that is signed by itself',
  'tls-expired': 'a certificate of `testAuthority` that was good until 2021',
  'tls-wrong-host': 'a certificate of `testAuthority` for another host',
} as const;

/** A name from the table. */
export type NetworkFaultKind = keyof typeof networkFaults;
