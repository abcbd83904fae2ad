<?php
/**
 * Calls to the Sitebridge server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends JSON to the stored server and reads its response.
 */
final class Sitebridge_Server_Client {

	/**
	 * Paths of integrations and webhooks on every server.
	 */
	const BASE     = '/api/v1/integration/integrations';
	const WEBHOOKS = '/api/v1/integration/webhooks/wordpress/';

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Names this site to the server.
	 *
	 * @var Sitebridge_Installation
	 */
	private $installation;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings     $settings     The stored connection.
	 * @param Sitebridge_Installation $installation Names this site to the server.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Installation $installation ) {
		$this->settings     = $settings;
		$this->installation = $installation;
	}

	/**
	 * Posts JSON to the server.
	 *
	 * @param string $path    The path after BASE, such as `/test-connection`.
	 * @param array  $body    The body.
	 * @param array  $headers More headers.
	 * @param string $server  The server's address; null for the stored one.
	 * @return array `status` (0 when no response came), `body` (array, empty when the response was no JSON
	 *               object), `message`, `hint`, `code` (texts, each may be '').
	 */
	public function post( $path, array $body, array $headers = array(), $server = null ) {
		return $this->call( null === $server ? $this->settings->get( 'server_url' ) : $server, self::BASE . $path, wp_json_encode( $body ), $headers, 20 );
	}

	/**
	 * Posts a webhook to the server.
	 *
	 * @param string $topic   `status`, `metadata`, `terms` or `site`.
	 * @param string $json    The body, sent byte for byte as it was signed.
	 * @param array  $headers The signature's headers.
	 * @param int    $timeout In seconds.
	 * @return array See post(), and `headers`: `retry-after` and `x-sitebridge-key-expires`, each may be ''.
	 */
	public function post_webhook( $topic, $json, array $headers, $timeout ) {
		return $this->call( $this->settings->get( 'server_url' ), self::WEBHOOKS . $topic, $json, $headers, $timeout );
	}

	/**
	 * Calls the server.
	 *
	 * @param string $server  The server's address.
	 * @param string $path    The path on the server.
	 * @param string $json    The body.
	 * @param array  $headers More headers.
	 * @param int    $timeout In seconds.
	 * @return array See post_webhook().
	 */
	private function call( $server, $path, $json, array $headers, $timeout ) {
		$opened = $this->open_private_server( $server );
		$answer = wp_safe_remote_post(
			$server . $path,
			array(
				'timeout'             => $timeout,
				// A redirect would send the key to another host.
				'redirection'         => 0,
				'limit_response_size' => MB_IN_BYTES,
				'user-agent'          => 'Sitebridge-Connector/' . SITEBRIDGE_CONNECTOR_VERSION,
				'headers'             => array(
					'Content-Type' => 'application/json',
					'Accept'       => 'application/json, application/problem+json',
				) + $this->installation->headers() + $headers,
				'body'                => $json,
			)
		);
		// Checked while the filters are still active, as they were during the call.
		$refused = is_wp_error( $answer ) && ! wp_http_validate_url( $server );
		foreach ( $opened as $filter => $callback ) {
			remove_filter( $filter, $callback );
		}
		if ( $refused ) {
			return self::words( 0, array(), __( 'WordPress does not send to this server address: it is private, has an unusual port, or its name is not known.', 'sitebridge-connector' ), __( 'Check its spelling. How to allow a private address stands in the plugin\'s readme.', 'sitebridge-connector' ) );
		}
		if ( is_wp_error( $answer ) ) {
			/* translators: %s: the reason as the HTTP library gives it. */
			return self::words( 0, array(), sprintf( __( 'The server could not be reached: %s', 'sitebridge-connector' ), $answer->get_error_message() ) );
		}

		$words = $this->read( $answer );
		foreach ( array_keys( $words['headers'] ) as $name ) {
			$header                    = wp_remote_retrieve_header( $answer, $name );
			$words['headers'][ $name ] = is_string( $header ) ? $header : '';
		}

		return $words;
	}

	/**
	 * Lets calls go to a private address and an unusual port, if the site's operator allows it.
	 *
	 * WordPress refuses both in wp_http_validate_url(), so that nobody can use a settings page to reach into
	 * the internal network. A server on the same network needs the filter.
	 *
	 * @param string $server The server's address.
	 * @return callable[] The added filters by name; the caller removes them after the call.
	 */
	private function open_private_server( $server ) {
		/**
		 * Filters whether the Sitebridge server may have a private address and any port.
		 *
		 * @since 0.1.0
		 *
		 * @param bool   $allow  False by default.
		 * @param string $server The server's address as stored.
		 */
		if ( true !== apply_filters( 'sitebridge_allow_private_server', false, $server ) ) {
			return array();
		}
		$host    = (string) wp_parse_url( $server, PHP_URL_HOST );
		$port    = (int) wp_parse_url( $server, PHP_URL_PORT );
		$filters = array(
			'http_request_host_is_external' => static function ( $external, $asked ) use ( $host ) {
				return $asked === $host ? true : $external;
			},
			'http_allowed_safe_ports'       => static function ( $ports, $asked ) use ( $host, $port ) {
				return $asked === $host && $port > 0 ? array_merge( $ports, array( $port ) ) : $ports;
			},
		);
		foreach ( $filters as $filter => $callback ) {
			add_filter( $filter, $callback, 10, 2 );
		}

		return $filters;
	}

	/**
	 * Reads an HTTP response.
	 *
	 * @param array $answer See wp_safe_remote_post().
	 * @return array See post().
	 */
	private function read( array $answer ) {
		$status = (int) wp_remote_retrieve_response_code( $answer );
		$body   = json_decode( wp_remote_retrieve_body( $answer ), true );
		if ( $status >= 300 && $status < 400 ) {
			$target = wp_parse_url( (string) wp_remote_retrieve_header( $answer, 'location' ), PHP_URL_HOST );
			/* translators: %s: a host name. */
			return self::words( $status, array(), sprintf( __( 'The server address redirects to %s. Nothing was sent there.', 'sitebridge-connector' ), $target ? $target : '?' ), __( 'Enter the address that it redirects to, if that is your server.', 'sitebridge-connector' ) );
		}
		if ( ! is_array( $body ) ) {
			/* translators: %d: an HTTP status such as 502. */
			return self::words( $status, array(), sprintf( __( 'The answer (HTTP %d) is not one of a Sitebridge server.', 'sitebridge-connector' ), $status ), __( 'Check the server address.', 'sitebridge-connector' ) );
		}
		$code = isset( $body['code'] ) ? $body['code'] : '';
		if ( isset( $body['message'] ) ) {
			return self::words( $status, $body, $body['message'], isset( $body['hint'] ) ? $body['hint'] : '', $code );
		}
		if ( isset( $body['detail'] ) || isset( $body['title'] ) ) {
			return self::words( $status, $body, isset( $body['detail'] ) ? $body['detail'] : $body['title'], self::field_messages( $body ), $code );
		}

		return self::words( $status, $body, '' );
	}

	/**
	 * The messages of a problem (RFC 9457) about single fields.
	 *
	 * @param array $body The problem.
	 * @return string
	 */
	private static function field_messages( array $body ) {
		$messages = array();
		foreach ( isset( $body['errors'] ) && is_array( $body['errors'] ) ? $body['errors'] : array() as $error ) {
			if ( isset( $error['field'], $error['message'] ) && is_string( $error['field'] ) && is_string( $error['message'] ) ) {
				$messages[] = $error['field'] . ': ' . $error['message'];
			}
		}

		return implode( ' ', $messages );
	}

	/**
	 * Builds the result of a call.
	 *
	 * @param int    $status  HTTP status, or 0.
	 * @param array  $body    The body.
	 * @param mixed  $message What happened.
	 * @param mixed  $hint    What to do about it.
	 * @param mixed  $code    The server's code for the result.
	 * @return array
	 */
	private static function words( $status, array $body, $message, $hint = '', $code = '' ) {
		$headers = array(
			'retry-after'              => '',
			'x-sitebridge-key-expires' => '',
		);

		return compact( 'status', 'body', 'message', 'hint', 'code', 'headers' );
	}
}
