<?php
/**
 * Installs WordPress without a browser. Reads JSON on stdin, or in the body of a request: root, url, title,
 * password, permalinks, network.
 */

$options = json_decode( file_get_contents( 'cli' === PHP_SAPI ? 'php://stdin' : 'php://input' ), true );
$url     = parse_url( $options['url'] );

$_SERVER['HTTP_HOST']      = $url['host'] . ':' . $url['port'];
$_SERVER['REQUEST_URI']    = ( isset( $url['path'] ) ? $url['path'] : '' ) . '/';
$_SERVER['REQUEST_METHOD'] = 'GET';

define( 'WP_INSTALLING', true );
define( 'WP_SITEURL', $options['url'] );

require $options['root'] . '/wp-load.php';

/** Overrides WordPress's mail about a new site: nobody would read it. */
function wp_new_blog_notification() {}

require ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install( $options['title'], 'admin', 'admin@example.com', true, '', $options['password'] );
update_option( 'siteurl', $options['url'] );
update_option( 'home', $options['url'] );
update_option( 'permalink_structure', $options['permalinks'] );

if ( $options['network'] ) {
	require ABSPATH . 'wp-admin/includes/network.php';
	foreach ( $wpdb->tables( 'ms_global' ) as $name => $table ) {
		$wpdb->$name = $table;
	}
	install_network();
	$done = populate_network( 1, $_SERVER['HTTP_HOST'], 'admin@example.com', $options['title'], $_SERVER['REQUEST_URI'] );
	if ( is_wp_error( $done ) ) {
		throw new Exception( $done->get_error_message() );
	}
}
