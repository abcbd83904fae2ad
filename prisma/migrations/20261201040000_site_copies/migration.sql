-- Webhooks of a copy of a site are held.
ALTER TYPE "delivery_status" ADD VALUE 'held';
ALTER TABLE "webhook_delivery" ADD COLUMN "sender_home" TEXT, ADD COLUMN "sender_installation" UUID;
ALTER TABLE "site_integration" ADD COLUMN "installation_id" UUID;
