/**
 * Who lives in the lab and at which addresses: four pods and one outside host, routed as a point-to-point CNI does
 * (a /32 and a /128 each, the host as gateway, no bridge). Everything here is fixed, so that what a killed lab left
 * behind can be recognised by name.
 */
export const podRoles = ['frontend', 'api', 'postgres', 'dns', 'outside'] as const;
export type PodRole = (typeof podRoles)[number];

export interface LabPod {
  readonly role: PodRole;
  /** Kubernetes namespace; empty for the outside host, which no Kubernetes knows. */
  readonly namespace: string;
  readonly name: string;
  readonly owner: { readonly kind: 'Deployment' | 'StatefulSet'; readonly name: string; readonly hash: string } | null;
  readonly netns: string;
  /** Host side of the veth pair; the pod's side is eth0. */
  readonly link: string;
  readonly hostMac: string;
  readonly podMac: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export const frontend: LabPod = {
  role: 'frontend',
  namespace: 'production',
  name: 'frontend-7d8b9c-xq2p9',
  owner: { kind: 'Deployment', name: 'frontend', hash: '7d8b9c' },
  netns: 'palomar-lab-frontend',
  link: 'palomar-fe',
  hostMac: '0a:77:00:00:01:10',
  podMac: '0a:77:00:00:02:10',
  ipv4: '10.77.1.10',
  ipv6: 'fd77::10',
};

export const api: LabPod = {
  role: 'api',
  namespace: 'production',
  name: 'api-6f4c8d-lk3m1',
  owner: { kind: 'Deployment', name: 'api', hash: '6f4c8d' },
  netns: 'palomar-lab-api',
  link: 'palomar-api',
  hostMac: '0a:77:00:00:01:20',
  podMac: '0a:77:00:00:02:20',
  ipv4: '10.77.1.20',
  ipv6: 'fd77::20',
};

export const postgres: LabPod = {
  role: 'postgres',
  namespace: 'production',
  name: 'postgres-0',
  owner: { kind: 'StatefulSet', name: 'postgres', hash: '' },
  netns: 'palomar-lab-postgres',
  link: 'palomar-db',
  hostMac: '0a:77:00:00:01:30',
  podMac: '0a:77:00:00:02:30',
  ipv4: '10.77.1.30',
  ipv6: 'fd77::30',
};

export const dns: LabPod = {
  role: 'dns',
  namespace: 'kube-system',
  name: 'dns-5b8f9d-7kq2m',
  owner: { kind: 'Deployment', name: 'dns', hash: '5b8f9d' },
  netns: 'palomar-lab-dns',
  link: 'palomar-dns',
  hostMac: '0a:77:00:00:01:53',
  podMac: '0a:77:00:00:02:53',
  ipv4: '10.77.1.53',
  ipv6: 'fd77::53',
};

/** Known by its name alone, and by that only to those who ask DNS. */
export const outside: LabPod = {
  role: 'outside',
  namespace: '',
  name: 'payment.stripe.com',
  owner: null,
  netns: 'palomar-lab-outside',
  link: 'palomar-out',
  hostMac: '0a:77:00:00:01:99',
  podMac: '0a:77:00:00:02:99',
  ipv4: '198.51.100.10',
  ipv6: '2001:db8:51::10',
};

export const pods: readonly LabPod[] = [frontend, api, postgres, dns, outside];

/** Names that the lab's DNS server answers, as a cluster's headless services and the public DNS would. */
export const names = {
  frontend: 'frontend.production.svc.cluster.local',
  api: 'api.production.svc.cluster.local',
  postgres: 'postgres.production.svc.cluster.local',
  dns: 'dns.kube-system.svc.cluster.local',
  outside: 'payment.stripe.com',
} as const satisfies Record<PodRole, string>;

/** Every name below this one exists: a load asks for as many different ones as it likes. */
export const loadZone = 'load.palomar.test';

export const ports = { http: 8080, postgres: 5432, dns: 53, https: 443 } as const;

export const nftTable = 'palomar_lab';
