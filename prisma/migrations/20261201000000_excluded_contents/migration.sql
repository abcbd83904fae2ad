-- A content that a user deleted here, while the site has its item.
ALTER TYPE "sync_state" ADD VALUE 'excluded';
