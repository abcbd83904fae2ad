<?php
/**
 * Work that nobody waits for.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Goes on after the response, or in another process of the site.
 */
final class Sitebridge_Background {

	/**
	 * Ends the response, where PHP can go on after it.
	 *
	 * @return bool Whether it has ended.
	 */
	public static function finish_response() {
		if ( PHP_SESSION_ACTIVE === session_status() ) {
			// The visitor's next request would wait for the session.
			session_write_close();
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			return fastcgi_finish_request();
		}

		return function_exists( 'litespeed_finish_request' ) && litespeed_finish_request();
	}

	/**
	 * Ends the response to a caller who waits for nothing, where PHP cannot end it early too.
	 */
	public static function end_response() {
		if ( ! self::finish_response() ) {
			header( 'Content-Length: 0' );
			header( 'Connection: close' );
			while ( ob_get_level() > 0 && ob_end_clean() ) {
				continue;
			}
			flush();
		}
	}

	/**
	 * Has another process of this site do something, by a request of the site to itself. Not spawn_cron(): that
	 * does nothing for up to a minute after the last time.
	 *
	 * @param string $action Of admin-ajax.php.
	 */
	public static function ask_itself( $action ) {
		$shorten = static function ( $handle ) {
			// WordPress waits a whole second for a request that nobody waits for; here an editor would.
			// phpcs:disable WordPress.WP.AlternativeFunctions -- there is no other way to say so.
			curl_setopt( $handle, CURLOPT_NOSIGNAL, 1 );
			curl_setopt( $handle, CURLOPT_TIMEOUT_MS, 500 );
			// phpcs:enable
		};
		add_action( 'http_api_curl', $shorten, 99 );
		wp_remote_post(
			admin_url( 'admin-ajax.php' ),
			array(
				'timeout'   => 0.01,
				'blocking'  => false,
				/** This filter is documented in wp-includes/class-wp-http-streams.php */
				'sslverify' => apply_filters( 'https_local_ssl_verify', false ), // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- a filter of WordPress's own.
				'body'      => compact( 'action' ),
			)
		);
		remove_action( 'http_api_curl', $shorten, 99 );
	}
}
