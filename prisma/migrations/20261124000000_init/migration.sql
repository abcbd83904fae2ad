-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "role" AS ENUM ('viewer', 'editor', 'admin', 'owner');

-- CreateEnum
CREATE TYPE "sync_status" AS ENUM ('never', 'queued', 'syncing', 'success', 'partial', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "sync_direction" AS ENUM ('metadata', 'both', 'to_external', 'from_external');

-- CreateEnum
CREATE TYPE "event_type" AS ENUM ('integration', 'connection', 'structure', 'sync', 'content', 'webhook', 'credentials');

-- CreateEnum
CREATE TYPE "content_status" AS ENUM ('draft', 'ready', 'published', 'archived');

-- CreateEnum
CREATE TYPE "sync_state" AS ENUM ('local_only', 'in_sync', 'local_changes', 'remote_changes', 'conflict', 'deleted_remote');

-- CreateEnum
CREATE TYPE "delivery_status" AS ENUM ('pending', 'processed', 'failed', 'dead');

-- CreateTable
CREATE TABLE "account" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_user" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "email" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "site" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "api_key_encrypted" TEXT,
    "api_key_hash" TEXT,
    "api_key_last4" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "site_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "site_integration" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "platform" TEXT NOT NULL,
    "config_json" JSONB NOT NULL DEFAULT '{}',
    "credentials_json" TEXT,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "sync_enabled" BOOLEAN NOT NULL DEFAULT true,
    "sync_status" "sync_status" NOT NULL DEFAULT 'never',
    "last_sync_at" TIMESTAMPTZ(3),
    "sync_error" TEXT,
    "connection_status" TEXT NOT NULL DEFAULT 'untested',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "site_integration_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "connection_check" (
    "id" BIGSERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "integration_id" INTEGER NOT NULL,
    "success" BOOLEAN NOT NULL,
    "code" TEXT NOT NULL,
    "result" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "connection_check_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sync_run" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "integration_id" INTEGER NOT NULL,
    "direction" "sync_direction" NOT NULL,
    "status" "sync_status" NOT NULL DEFAULT 'queued',
    "content_types" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "full" BOOLEAN NOT NULL DEFAULT false,
    "progress_done" INTEGER NOT NULL DEFAULT 0,
    "progress_expected" INTEGER,
    "totals" JSONB NOT NULL DEFAULT '{}',
    "checkpoint" JSONB,
    "job_id" UUID,
    "requested_by" INTEGER,
    "error" TEXT,
    "heartbeat_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sync_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sync_event" (
    "id" BIGSERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "integration_id" INTEGER,
    "event_type" "event_type" NOT NULL,
    "action" TEXT NOT NULL,
    "success" BOOLEAN NOT NULL,
    "content_id" INTEGER,
    "external_id" TEXT,
    "details" JSONB NOT NULL DEFAULT '{}',
    "error_message" TEXT,
    "duration_ms" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sync_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "content" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "title" TEXT NOT NULL DEFAULT '',
    "slug" TEXT NOT NULL DEFAULT '',
    "body" TEXT NOT NULL DEFAULT '',
    "excerpt" TEXT NOT NULL DEFAULT '',
    "content_type" TEXT NOT NULL,
    "status" "content_status" NOT NULL DEFAULT 'draft',
    "terms" JSONB NOT NULL DEFAULT '[]',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "external_id" TEXT,
    "external_url" TEXT,
    "external_status" TEXT,
    "external_modified_at" TIMESTAMPTZ(3),
    "sync_state" "sync_state" NOT NULL DEFAULT 'local_only',
    "base_hash" TEXT,
    "remote_hash" TEXT,
    "local_version" INTEGER NOT NULL DEFAULT 1,
    "synced_version" INTEGER NOT NULL DEFAULT 0,
    "last_synced_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "content_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "site_term" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "taxonomy" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "parent_external_id" TEXT,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "count" INTEGER NOT NULL DEFAULT 0,
    "last_synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "site_term_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" BIGSERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "body_hash" TEXT NOT NULL,
    "status" "delivery_status" NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error_message" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "processed_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "app_user_email_key" ON "app_user"("email");

-- CreateIndex
CREATE INDEX "app_user_account_id_idx" ON "app_user"("account_id");

-- CreateIndex
CREATE UNIQUE INDEX "site_api_key_hash_key" ON "site"("api_key_hash");

-- CreateIndex
CREATE INDEX "site_account_id_id_idx" ON "site"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "site_id_account_id_key" ON "site"("id", "account_id");

-- CreateIndex
CREATE INDEX "site_integration_account_id_id_idx" ON "site_integration"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "site_integration_site_id_platform_key" ON "site_integration"("site_id", "platform");

-- CreateIndex
CREATE UNIQUE INDEX "site_integration_id_site_id_account_id_key" ON "site_integration"("id", "site_id", "account_id");

-- CreateIndex
CREATE INDEX "connection_check_integration_id_id_idx" ON "connection_check"("integration_id", "id");

-- CreateIndex
CREATE INDEX "connection_check_integration_id_created_at_idx" ON "connection_check"("integration_id", "created_at");

-- CreateIndex
CREATE INDEX "sync_run_integration_id_id_idx" ON "sync_run"("integration_id", "id");

-- CreateIndex
CREATE INDEX "sync_event_site_id_id_idx" ON "sync_event"("site_id", "id");

-- CreateIndex
CREATE INDEX "sync_event_integration_id_id_idx" ON "sync_event"("integration_id", "id");

-- CreateIndex
CREATE INDEX "sync_event_created_at_idx" ON "sync_event"("created_at");

-- CreateIndex
CREATE INDEX "content_site_id_id_idx" ON "content"("site_id", "id");

-- CreateIndex
CREATE INDEX "content_site_id_content_type_sync_state_idx" ON "content"("site_id", "content_type", "sync_state");

-- CreateIndex
CREATE INDEX "content_account_id_id_idx" ON "content"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "content_site_id_content_type_external_id_key" ON "content"("site_id", "content_type", "external_id");

-- CreateIndex
CREATE INDEX "site_term_site_id_taxonomy_slug_idx" ON "site_term"("site_id", "taxonomy", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "site_term_site_id_taxonomy_external_id_key" ON "site_term"("site_id", "taxonomy", "external_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_site_id_status_id_idx" ON "webhook_delivery"("site_id", "status", "id");

-- CreateIndex
CREATE INDEX "webhook_delivery_account_id_id_idx" ON "webhook_delivery"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_delivery_site_id_webhook_id_key" ON "webhook_delivery"("site_id", "webhook_id");

-- AddForeignKey
ALTER TABLE "app_user" ADD CONSTRAINT "app_user_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "site" ADD CONSTRAINT "site_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "site_integration" ADD CONSTRAINT "site_integration_site_id_account_id_fkey" FOREIGN KEY ("site_id", "account_id") REFERENCES "site"("id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connection_check" ADD CONSTRAINT "connection_check_integration_id_site_id_account_id_fkey" FOREIGN KEY ("integration_id", "site_id", "account_id") REFERENCES "site_integration"("id", "site_id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sync_run" ADD CONSTRAINT "sync_run_integration_id_site_id_account_id_fkey" FOREIGN KEY ("integration_id", "site_id", "account_id") REFERENCES "site_integration"("id", "site_id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sync_event" ADD CONSTRAINT "sync_event_site_id_account_id_fkey" FOREIGN KEY ("site_id", "account_id") REFERENCES "site"("id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "content" ADD CONSTRAINT "content_site_id_account_id_fkey" FOREIGN KEY ("site_id", "account_id") REFERENCES "site"("id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "site_term" ADD CONSTRAINT "site_term_site_id_account_id_fkey" FOREIGN KEY ("site_id", "account_id") REFERENCES "site"("id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_site_id_account_id_fkey" FOREIGN KEY ("site_id", "account_id") REFERENCES "site"("id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema cannot say.

-- One run of an integration may be queued or running at a time.
CREATE UNIQUE INDEX "sync_run_one_active" ON "sync_run" ("integration_id") WHERE "status" IN ('queued', 'syncing');

ALTER TABLE "app_user" ADD CONSTRAINT "app_user_email_lower_case" CHECK ("email" = lower("email"));

-- A site has all parts of a key or none.
ALTER TABLE "site" ADD CONSTRAINT "site_key_whole" CHECK (
  ("api_key_encrypted" IS NULL) = ("api_key_hash" IS NULL) AND ("api_key_hash" IS NULL) = ("api_key_last4" IS NULL)
);

ALTER TABLE "site_integration" ADD CONSTRAINT "site_integration_connection_status"
  CHECK ("connection_status" IN ('untested', 'healthy', 'failing'));
ALTER TABLE "site_integration" ADD CONSTRAINT "site_integration_config_is_object"
  CHECK (jsonb_typeof("config_json") = 'object');
