import { type Addresses, goodWayIn, PORT, type WayIn } from "./site.ts";

/** A deploy after which nobody can log in from outside. */
export interface Break {
  readonly name: string;
  readonly by: "switch" | "reboot";
  readonly way: (good: WayIn, addresses: Addresses) => Partial<WayIn>;
}

function bySwitch(name: string, way: Break["way"]): Break {
  return { name, by: "switch", way };
}

function byReboot(name: string, way: Break["way"]): Break {
  return { name, by: "reboot", way };
}

/** All of them: in the order of the way in, from the firewall to the account. */
export const BREAKS: readonly Break[] = [
  bySwitch("the firewall lets another port in", ({ firewall }) => ({
    firewall: firewall.map((line) => line.replace(`dport ${PORT}`, "dport 22")),
  })),
  bySwitch("the firewall rejects", ({ firewall }) => ({
    firewall: firewall.map((line) => line.replace("accept; }", "reject with tcp reset; }")),
  })),
  byReboot("the firewall drops all, from the boot on", ({ firewall }) => ({
    firewall: [`${firewall[0] ?? ""}; }; }`],
  })),
  bySwitch("the firewall drops the replies", ({ firewall }) => ({
    firewall: [
      ...firewall,
      `table inet replies { chain output { type filter hook output priority 0; tcp sport ${PORT} drop; }; }`,
    ],
  })),
  bySwitch("a redirection takes the port", ({ firewall }) => ({
    firewall: [
      ...firewall,
      `table ip taken { chain in { type nat hook prerouting priority -100; tcp dport ${PORT} redirect to :9; }; }`,
    ],
  })),
  bySwitch("ARP is dropped", ({ firewall, network }) => ({
    firewall: [
      ...firewall,
      "table arp filter { chain input { type filter hook input priority 0; policy drop; }; }",
    ],
    network: [...network, "ip neighbour flush all"],
  })),
  bySwitch("no address", ({ network }) => ({ network: network.slice(0, 1) })),
  bySwitch("another address", (_good, { gateway }) => ({
    network: [
      "ip link set wire up",
      "ip address add 192.0.2.2/30 dev wire",
      `ip route add default via ${gateway} onlink dev wire`,
    ],
  })),
  bySwitch("no default route", ({ network }) => ({ network: network.slice(0, 2) })),
  bySwitch("a wrong gateway", ({ network }) => ({
    network: [...network.slice(0, 2), "ip route add default via 192.0.2.1 onlink dev wire"],
  })),
  bySwitch("a blackhole route", ({ network }, { operator }) => ({
    network: [...network, `ip route add blackhole ${operator}/32`],
  })),
  bySwitch("a rule that prohibits the route", ({ network }, { operator }) => ({
    network: [...network, `ip rule add pref 100 to ${operator}/32 prohibit`],
  })),
  bySwitch("the route is through another interface", ({ network }, { operator }) => ({
    network: [
      ...network,
      "ip link add other type veth peer name another",
      "ip link set other up",
      "ip link set another up",
      `ip route add ${operator}/32 dev other`,
    ],
  })),
  byReboot("the interface is down from the boot on", ({ network }) => ({
    network: [...network, "ip link set wire down"],
  })),
  bySwitch("the MTU is too small", ({ network }) => ({
    network: [...network, "ip link set wire mtu 70"],
  })),
  bySwitch("sshd listens on another port", ({ sshd }) => ({
    sshd: ["Port 2223", ...sshd.slice(1)],
  })),
  bySwitch("sshd listens on localhost only", ({ sshd }) => ({
    sshd: [...sshd, "ListenAddress 127.0.0.1"],
  })),
  bySwitch("sshd cannot read its configuration", ({ sshd }) => ({
    sshd: [...sshd, "PermitRootLogins yes"],
  })),
  bySwitch("sshd has no host key", ({ sshd }) => ({ sshd: [...sshd, "HostKey /etc/nowhere"] })),
  bySwitch("sshd looks for authorized keys elsewhere", ({ sshd }) => ({
    sshd: [...sshd, "AuthorizedKeysFile /etc/nowhere/%u"],
  })),
  bySwitch("sshd has a network of its own (PrivateNetwork)", () => ({
    service: ["PrivateNetwork=yes"],
  })),
  bySwitch("sshd does not see the home of root (ProtectHome)", () => ({
    service: ["ProtectHome=yes"],
  })),
  bySwitch("PAM denies the account", ({ accounts }) => ({
    accounts: [...accounts, "sed -i '1i account required pam_deny.so' /etc/pam.d/sshd"],
  })),
  bySwitch("the shell of root is nologin", ({ accounts }) => ({
    accounts: [...accounts, "usermod --shell /usr/sbin/nologin root"],
  })),
  bySwitch("the names of the operators do not resolve", ({ names }) => ({
    names: names.slice(0, 1),
  })),
];

/** The way in of the system that is deployed. */
export function brokenWayIn({ way }: Break, addresses: Addresses): WayIn {
  const good = goodWayIn(addresses);
  return { ...good, ...way(good, addresses) };
}
