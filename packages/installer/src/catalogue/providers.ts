/** Providers that come with the product (06), and what each is for. */
export const providers: Readonly<Record<string, string>> = {
  local: 'Containers on this machine',
  upcloud: 'UpCloud',
  hetzner: 'Hetzner Cloud',
  aws: 'Amazon Web Services',
  baremetal: 'Machines of your own, over SSH',
  rest: 'Any cloud with a REST API, described in a file',
};
