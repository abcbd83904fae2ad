<?php
/**
 * Removes everything the plugin stored, on every site of a network.
 *
 * @package Sitebridge_Connector
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Removes the plugin's data from the current site. The names are literals, because the plugin is not loaded
 * during the uninstall.
 */
function sitebridge_connector_uninstall_site() {
	global $wpdb;

	foreach ( array( '', '_last_answer', '_db_version', '_structure_seen', '_push_failures', '_delivery', '_lock', '_outbox_version', '_items_version', '_links_version', '_operations_version', '_server', '_servers' ) as $suffix ) {
		delete_option( 'sitebridge_connector' . $suffix );
	}
	wp_clear_scheduled_hook( 'sitebridge_connector_daily_push' );
	wp_clear_scheduled_hook( 'sitebridge_connector_push' );
	wp_clear_scheduled_hook( 'sitebridge_connector_deliver' );
	wp_clear_scheduled_hook( 'sitebridge_connector_outbox' );
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own tables; their names are not user input.
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}sitebridge_nonces, {$wpdb->prefix}sitebridge_outbox, {$wpdb->prefix}sitebridge_items, {$wpdb->prefix}sitebridge_links, {$wpdb->prefix}sitebridge_operations" );
}

if ( is_multisite() ) {
	foreach ( get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	) as $sitebridge_blog_id ) {
		switch_to_blog( $sitebridge_blog_id );
		sitebridge_connector_uninstall_site();
		restore_current_blog();
	}
} else {
	sitebridge_connector_uninstall_site();
}
