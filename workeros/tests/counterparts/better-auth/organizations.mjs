// Organizations of end users.

import assert from 'node:assert/strict';

import { organizationClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { address } from './site.mjs';

export async function part(site) {
  const [ann, bob, cid] = await Promise.all(
    ['ann', 'bob', 'cid'].map((name) => site.member(name, [organizationClient()])),
  );
  const [anns, bobs, cids] = [ann, bob, cid].map(({ client }) => client.organization);

  const acme = await check('create', async () => {
    const made = expect.data(
      await anns.create({ name: 'Acme', slug: 'acme', logo: 'https://acme.example/logo.png', metadata: { plan: 'pro' } }),
    );
    assert.deepEqual([made.name, made.slug, made.metadata], ['Acme', 'acme', { plan: 'pro' }]);
    expect.now(made.createdAt);
    const [member] = made.members;
    assert.deepEqual([member.userId, member.role, member.organizationId], [ann.user.id, 'owner', made.id]);
    assert.equal((await ann.session()).session.activeOrganizationId, made.id);
    return made;
  });

  await check('create with a slug that is taken', async () => {
    expect.refused(await bobs.create({ name: 'Acme', slug: 'acme' }), 422, 'ORGANIZATION_SLUG_ALREADY_TAKEN');
    expect.refused(await bobs.checkSlug({ slug: 'acme' }), 422, 'ORGANIZATION_SLUG_ALREADY_TAKEN');
    assert.deepEqual(expect.data(await bobs.checkSlug({ slug: 'other' })), { status: true });
  });

  const other = await check('create beside the active one', async () => {
    const made = expect.data(await anns.create({ name: 'Other', slug: 'other', keepCurrentActiveOrganization: true }));
    assert.equal((await ann.session()).session.activeOrganizationId, acme.id);
    return made;
  });

  await check('list and setActive', async () => {
    const list = expect.data(await anns.list());
    assert.deepEqual(list.map(({ slug }) => slug), ['acme', 'other']);
    const active = expect.data(await anns.setActive({ organizationSlug: 'other' }));
    assert.equal(active.id, other.id);
    assert.equal((await ann.session()).session.activeOrganizationId, other.id);
    assert.equal(expect.data(await anns.setActive({ organizationId: null })), null);
    assert.equal((await ann.session()).session.activeOrganizationId, null);
    assert.equal(expect.data(await anns.getFullOrganization()), null);
    expect.refused(await anns.getActiveMember(), 400, 'NO_ACTIVE_ORGANIZATION');
    expect.data(await anns.setActive({ organizationId: acme.id }));
  });

  await check('update', async () => {
    const changed = expect.data(await anns.update({ data: { name: 'Acme Ltd', metadata: { plan: 'free' } } }));
    assert.deepEqual([changed.id, changed.name, changed.slug], [acme.id, 'Acme Ltd', 'acme']);
    assert.deepEqual(changed.metadata, { plan: 'free' });
    assert.equal(changed.logo, 'https://acme.example/logo.png');
  });

  await check('inviteMember, and what its link leads to', async () => {
    const made = expect.data(await anns.inviteMember({ email: address('bob'), role: 'admin', callbackURL: '/join' }));
    assert.deepEqual([made.email, made.role, made.status], [address('bob'), 'admin', 'pending']);
    assert.deepEqual([made.organizationId, made.inviterId], [acme.id, ann.user.id]);
    assert.ok(made.expiresAt instanceof Date && made.expiresAt > Date.now());
    const place = await bob.follow(await site.mailbox.link(address('bob')));
    assert.equal(place.pathname, '/join');
    const invitationId = place.searchParams.get('token');
    const seen = expect.data(await bobs.getInvitation({ query: { id: invitationId } }));
    assert.deepEqual([seen.id, seen.organizationName, seen.inviterEmail], [made.id, 'Acme Ltd', address('ann')]);
    expect.refused(await cids.acceptInvitation({ invitationId }), 403, 'YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION');
    const { invitation, member } = expect.data(await bobs.acceptInvitation({ invitationId }));
    assert.equal(invitation.status, 'accepted');
    assert.deepEqual([member.userId, member.role], [bob.user.id, 'admin']);
    const { session, user } = await bob.session();
    assert.deepEqual([session.activeOrganizationId, user.emailVerified], [acme.id, true]);
    expect.refused(await bobs.acceptInvitation({ invitationId }), 404, 'INVITATION_NOT_FOUND');
  });

  await check('listUserInvitations and acceptInvitation by an id', async () => {
    const made = expect.data(
      await anns.inviteMember({ email: address('bob'), role: 'member', organizationId: other.id }),
    );
    const [listed] = expect.data(await bobs.listUserInvitations());
    assert.deepEqual([listed.id, listed.organizationName], [made.id, 'Other']);
    expect.refused(await cids.listUserInvitations(), 403);
    expect.data(await bobs.acceptInvitation({ invitationId: made.id }));
    assert.deepEqual(expect.data(await bobs.listUserInvitations()), []);
    expect.data(await bobs.leave({ organizationId: other.id }));
    expect.data(await bobs.setActive({ organizationId: acme.id }));
  });

  await check('rejectInvitation', async () => {
    const made = expect.data(await bobs.inviteMember({ email: address('cid'), role: 'member' }));
    expect.refused(await cids.rejectInvitation({ invitationId: made.id }), 403);
    const link = await site.mailbox.link(address('cid'));
    const invitationId = (await cid.follow(link)).searchParams.get('token');
    const { invitation } = expect.data(await cids.rejectInvitation({ invitationId }));
    assert.equal(invitation.status, 'rejected');
  });

  await check('listInvitations and cancelInvitation', async () => {
    const made = expect.data(await bobs.inviteMember({ email: address('cid'), role: 'member' }));
    const listed = expect.data(await anns.listInvitations());
    assert.deepEqual(listed.map(({ id }) => id), [made.id]);
    assert.equal(expect.data(await bobs.cancelInvitation({ invitationId: made.id })).status, 'canceled');
    assert.deepEqual(expect.data(await anns.listInvitations({ query: { organizationId: acme.id } })), []);
    const gone = await cid.follow(await site.mailbox.link(address('cid')));
    assert.equal(gone.searchParams.get('error'), 'INVITATION_NOT_FOUND');
  });

  await check('getOrganization, getFullOrganization, listMembers and getActiveMember', async () => {
    const bare = expect.data(await bobs.getOrganization({ query: { organizationSlug: 'acme' } }));
    assert.deepEqual([bare.id, bare.name, bare.members], [acme.id, 'Acme Ltd', undefined]);
    const full = expect.data(await bobs.getFullOrganization());
    assert.deepEqual(full.members.map(({ user }) => user.email), [address('ann'), address('bob')]);
    assert.deepEqual(full.invitations, []);
    const bySlug = expect.data(await bobs.getFullOrganization({ query: { organizationSlug: 'acme', membersLimit: 1 } }));
    assert.equal(bySlug.members.length, 1);
    const { members, total } = expect.data(await bobs.listMembers({ query: { limit: 1, offset: 1 } }));
    assert.deepEqual([members.length, members[0].userId, total], [1, bob.user.id, 2]);
    assert.equal(expect.data(await bobs.getActiveMember()).role, 'admin');
    assert.deepEqual(expect.data(await bobs.getActiveMemberRole()), { role: 'admin' });
    const query = { userId: ann.user.id };
    assert.deepEqual(expect.data(await bobs.getActiveMemberRole({ query })), { role: 'owner' });
  });

  await check('getOrganization', async () => {
    const made = expect.data(await bobs.getOrganization());
    assert.deepEqual([made.id, made.slug, made.members], [acme.id, 'acme', undefined]);
    const query = { organizationSlug: 'acme' };
    assert.equal(expect.data(await bobs.getOrganization({ query })).id, acme.id);
  });

  await check('listMembers, sorted and filtered', async () => {
    const roles = async (query) => {
      const { members, total } = expect.data(await anns.listMembers({ query }));
      return [members.map(({ role }) => role).join(' '), total];
    };
    assert.deepEqual(await roles({ sortBy: 'role', sortDirection: 'asc' }), ['admin owner', 2]);
    assert.deepEqual(await roles({ sortBy: 'createdAt', sortDirection: 'desc' }), ['admin owner', 2]);
    assert.deepEqual(await roles({ sortBy: 'role', sortDirection: 'desc', limit: 1 }), ['owner', 2]);
    assert.deepEqual(await roles({ filterField: 'role', filterValue: 'admin' }), ['admin', 1]);
    const among = { filterField: 'role', filterOperator: 'in' };
    assert.deepEqual(await roles({ ...among, filterValue: ['owner', 'admin'] }), ['owner admin', 2]);
    assert.deepEqual(await roles({ ...among, filterValue: ['nobody'] }), ['', 0]);
    const since = { filterField: 'createdAt', filterOperator: 'gt', filterValue: new Date().toISOString() };
    assert.deepEqual(await roles(since), ['', 0]);
    expect.refused(await anns.listMembers({ query: { sortBy: 'email' } }), 422);
    expect.refused(await anns.listMembers({ query: { ...since, filterOperator: 'contains' } }), 422);
  });

  await check('hasPermission, here and at the client', async () => {
    for (const [client, role, permissions, success] of [
      [anns, 'owner', { organization: ['delete'] }, true],
      [bobs, 'admin', { organization: ['delete'] }, false],
      [bobs, 'admin', { organization: ['update'], member: ['create', 'update'] }, true],
    ]) {
      const answer = expect.data(await client.hasPermission({ permissions }));
      assert.deepEqual(answer, { error: null, success });
      assert.equal(client.checkRolePermission({ role, permissions }), success);
    }
  });

  await check('who is not in it', async () => {
    const random = crypto.randomUUID();
    for (const ask of [
      (organizationId) => cids.setActive({ organizationId }),
      (organizationId) => cids.getFullOrganization({ query: { organizationId } }),
      (organizationId) => cids.update({ organizationId, data: { name: 'x' } }),
      (organizationId) => cids.delete({ organizationId }),
      (organizationId) => cids.leave({ organizationId }),
      (organizationId) => cids.listMembers({ query: { organizationId } }),
      (organizationId) => cids.hasPermission({ organizationId, permissions: { ac: ['read'] } }),
    ]) {
      const [foreign, unknown] = [await ask(acme.id), await ask(random)];
      expect.refused(foreign, 404, 'ORGANIZATION_NOT_FOUND');
      assert.equal(unknown.error.message, foreign.error.message);
      assert.equal(unknown.error.code, foreign.error.code);
    }
  });

  await check('updateMemberRole', async () => {
    const { members } = expect.data(await anns.listMembers());
    const [hers, his] = members.map(({ id }) => id);
    const refused = 'YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER';
    expect.refused(await bobs.updateMemberRole({ memberId: his, role: 'owner' }), 403, refused);
    expect.refused(await bobs.updateMemberRole({ memberId: hers, role: 'member' }), 403, refused);
    const last = 'YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER';
    expect.refused(await anns.updateMemberRole({ memberId: hers, role: 'member' }), 409, last);
    expect.refused(await anns.leave({ organizationId: acme.id }), 409, last);
    const changed = expect.data(await anns.updateMemberRole({ memberId: his, role: ['member'] }));
    assert.equal(changed.role, 'member');
    expect.refused(await bobs.update({ data: { name: 'x' } }), 403);
  });

  await check('removeMember', async () => {
    const { member } = expect.data(await anns.removeMember({ memberIdOrEmail: address('bob') }));
    assert.equal(member.userId, bob.user.id);
    assert.equal((await bob.session()).session.activeOrganizationId, null);
    assert.deepEqual(expect.data(await bobs.list()), []);
  });

  await check('delete', async () => {
    assert.equal(expect.data(await anns.delete({ organizationId: acme.id })).slug, 'acme');
    assert.equal((await ann.session()).session.activeOrganizationId, null);
    assert.deepEqual(expect.data(await anns.list()).map(({ slug }) => slug), ['other']);
  });
}
