/** Ports as /etc/services names them: those that people meet in a cluster. */
export const portNames: { readonly [port: string]: string } = { "22": "ssh", "53": "domain", "80": "http", "443": "https", "3306": "mysql", "5432": "postgresql", "6379": "redis", "8080": "http-alt" };
