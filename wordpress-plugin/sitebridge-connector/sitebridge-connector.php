<?php
/**
 * Plugin Name:       Sitebridge Connector
 * Description:       Connects this site to a Sitebridge server. The server reads and writes content with signed requests, as a user you choose. The plugin reports the content types and every change of content to the server.
 * Version:           0.6.0
 * Requires at least: 5.9
 * Requires PHP:      7.4
 * Author:            The Sitebridge authors
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       sitebridge-connector
 * Domain Path:       /languages
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

define( 'SITEBRIDGE_CONNECTOR_VERSION', '0.6.0' );
define( 'SITEBRIDGE_CONNECTOR_FILE', __FILE__ );

require_once __DIR__ . '/includes/settings/class-sitebridge-settings.php';
require_once __DIR__ . '/includes/connection/class-sitebridge-candidate.php';
require_once __DIR__ . '/includes/connection/class-sitebridge-installation.php';
require_once __DIR__ . '/includes/connection/class-sitebridge-last-answer.php';
require_once __DIR__ . '/includes/class-sitebridge-table.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-operations-table.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-server.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-nonce-store.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-signed-parts.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-request-route.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-signed-request.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-seen-request.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-unsigned-parts.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-mapped-user.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-request-gate.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-rest-authentication.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-request-rights.php';
require_once __DIR__ . '/includes/structure/class-sitebridge-structure.php';
require_once __DIR__ . '/includes/requests/class-sitebridge-rest-routes.php';
require_once __DIR__ . '/includes/items/class-sitebridge-item-query.php';
require_once __DIR__ . '/includes/items/class-sitebridge-links-table.php';
require_once __DIR__ . '/includes/items/class-sitebridge-item-links-table.php';
require_once __DIR__ . '/includes/items/class-sitebridge-number-links-table.php';
require_once __DIR__ . '/includes/items/class-sitebridge-link.php';
require_once __DIR__ . '/includes/items/class-sitebridge-item-link.php';
require_once __DIR__ . '/includes/items/class-sitebridge-number-link.php';
require_once __DIR__ . '/includes/items/class-sitebridge-item-fields.php';
require_once __DIR__ . '/includes/items/class-sitebridge-item-routes.php';
require_once __DIR__ . '/includes/connection/class-sitebridge-server-client.php';
require_once __DIR__ . '/includes/connection/class-sitebridge-connection.php';
require_once __DIR__ . '/includes/structure/class-sitebridge-structure-push.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-outbox-table.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-outbox.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-post-message.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-site-message.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-open-messages.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-retry-delay.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-webhook-sender.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-delivery-state.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-delivery-lock.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-delivery.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-background.php';
require_once __DIR__ . '/includes/outbox/class-sitebridge-delivery-trigger.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-change-collector.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-site-changes.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-term-hooks.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-post-hooks.php';
require_once __DIR__ . '/includes/changes/class-sitebridge-site-hooks.php';
require_once __DIR__ . '/includes/settings/class-sitebridge-dedicated-user.php';
require_once __DIR__ . '/includes/settings/class-sitebridge-queue-view.php';
require_once __DIR__ . '/includes/settings/class-sitebridge-copy-notice.php';
require_once __DIR__ . '/includes/settings/class-sitebridge-settings-page.php';
require_once __DIR__ . '/includes/settings/class-sitebridge-settings-form.php';
require_once __DIR__ . '/includes/settings/class-sitebridge-settings-actions.php';
require_once __DIR__ . '/includes/class-sitebridge-plugin.php';

/*
 * The request is read here, while the plugin files load. Later WordPress adds slashes to $_SERVER
 * (wp_magic_quotes), but the signature covers the request as it was sent.
 */
Sitebridge_Plugin::start( Sitebridge_Signed_Request::from_server() );
