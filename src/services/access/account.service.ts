import type { Database, Transaction } from '../../database/client.ts';
import { isUniqueViolation } from '../../database/uniqueViolation.ts';
import { alreadyThere, CallerError, invalidField } from '../../errors.ts';
import { hashPassword } from '../../security/password.ts';
import { type Role, roles } from './tenantScope.ts';

/** Manages accounts and their users for the operator. */
export class AccountService {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Creates an account with its owner, in the caller's transaction if there is one. Throws 400 for wrong input, and
   * 409 when the e-mail is taken.
   */
  async createAccount(
    input: { name: string; ownerEmail: string; ownerPassword: string },
    outer?: Transaction,
  ): Promise<{ accountId: number; userId: number }> {
    const name = input.name.trim();
    if (name === '') throw invalidField('name', 'must not be empty.');
    const user = await newUser(input.ownerEmail, input.ownerPassword, 'owner');
    const create = async (tx: Transaction) => {
      const account = await tx.account.create({ data: { name } });
      const owner = await tx.user.create({ data: { ...user, accountId: account.id } });
      return { accountId: account.id, userId: owner.id };
    };
    return uniqueEmail(() => (outer ? create(outer) : this.#db.$transaction(create)));
  }

  async createUser(input: {
    accountId: number;
    email: string;
    password: string;
    role: string;
  }): Promise<{ userId: number }> {
    const role = roles.find((known) => known === input.role);
    if (!role) throw invalidField('role', `must be one of ${roles.join(', ')}.`);
    const accountId = await this.existing(input.accountId);
    const user = await newUser(input.email, input.password, role);
    const { id } = await uniqueEmail(() => this.#db.user.create({ data: { ...user, accountId } }));
    return { userId: id };
  }

  /** Removes the access of a user. Running servers refuse the user within 5 s. Throws 404. */
  async deactivateUser(email: string): Promise<{ userId: number }> {
    const known = await this.#db.user.findUnique({ where: { email: email.trim().toLowerCase() } });
    if (!known) throw new CallerError('not_found', `There is no user with the e-mail ${email}.`);
    await this.#db.user.update({ where: { id: known.id }, data: { isActive: false } });
    return { userId: known.id };
  }

  /** Is there no account yet? */
  async isEmpty(tx: Transaction = this.#db): Promise<boolean> {
    return (await tx.account.count()) === 0;
  }

  /** The id of an existing account. Throws 404. */
  async existing(accountId: number): Promise<number> {
    const account = await this.#db.account.findUnique({ where: { id: accountId }, select: { id: true } });
    if (!account) throw new CallerError('not_found', `There is no account ${accountId}.`);
    return account.id;
  }

  /** The account of a site. Throws 404. */
  async accountOf(siteId: number): Promise<number> {
    const site = await this.#db.site.findUnique({ where: { id: siteId }, select: { accountId: true } });
    if (!site) throw new CallerError('not_found', `There is no site ${siteId}.`);
    return site.accountId;
  }
}

async function newUser(email: string, password: string, role: Role) {
  const address = email.trim().toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(address) || address.length > 320)
    throw invalidField('email', 'must be an e-mail address.');
  if (password.length < 8 || password.length > 1_000)
    throw invalidField('password', 'must have 8 to 1000 characters.');
  return { email: address, passwordHash: await hashPassword(password), role };
}

async function uniqueEmail<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error)) throw alreadyThere('A user with this e-mail already exists.');
    throw error;
  }
}
